# Kills all of a guest once its standard input ends, which it does when statmark is gone. $0 is the
# number of the guest's kernel, a process that leads a group or a session: helpers of it, which
# nothing else ends, outlive it when it is killed.
read -r _
while :; do
	left=
	for stat in /proc/[0-9]*/stat; do
		read -r line < "$stat" || continue
		set -- "${line%% *}" ${line##*) } # number, state, parent, group, session
		case ",$4,$5," in
		*",$0,"*) [ "$2" = Z ] || { kill -KILL "$1"; left=1; } ;;
		esac
	done 2> /dev/null
	[ "$left" ] || exit 0
done
