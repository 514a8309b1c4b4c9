# What process 1 of a guest does: serve a filesystem to itself over a slow network, and measure it.
#
# Read by /bin/sh from a block device, after lines that set these variables, and before lines that
# call `measure`:
#
#   fs        nfs or cifs          half      delay of each direction, in us
#   words     of the round trip    modules   where the kernel's modules are
#   program   statmark             out       the directory of the results, on the host
#   seconds   until all is done; 0: no limit
#
# The root is the host's, read-only. Lines that begin with "@lab" tell the host how far it is.

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/run
client='nsenter --net=/run/netns/client'
server_ip=10.9.0.1 client_ip=10.9.0.2

off() {
	echo o > /proc/sysrq-trigger
	while :; do sleep 1; done
}

step() { echo "@lab step $*"; }

fail() {
	echo "@lab failed $*"
	off
}

must() { "$@" || fail "$* failed"; }

load() {
	for module; do
		/run/modprobe -q "$module" || fail "the guest's kernel has no module $module"
	done
}

# The host's files stay in sight below /run/host, as /tmp, /run and others are the guest's own.
mount_all() {
	must mount -t proc proc /proc
	must mount -t tmpfs -o mode=755 run /run
	mkdir /run/host /run/out /run/export /run/lib /run/netns
	must mount --bind / /run/host
	must mount -t sysfs sys /sys
	must mount -t tmpfs -o mode=1777 tmp /tmp
	must mount -t tmpfs -o mode=755,size=90%,nr_inodes=0 export /run/export
	must mount -t hostfs -o "$out" out /run/out
}

# Where the host has no /lib/modules there is nothing to mount the guest's own on.
find_modules() {
	ln -s "$modules" /run/lib/modules
	printf '#!/bin/sh\nexec modprobe -d /run "$@"\n' > /run/modprobe
	chmod +x /run/modprobe
	echo /run/modprobe > /proc/sys/kernel/modprobe
}

make_network() {
	load veth sch_netem
	ip link set lo up
	must ip netns add client
	must ip link add server type veth peer name client netns client
	must ip addr add $server_ip/24 dev server
	must ip link set server up
	must ip -n client addr add $client_ip/24 dev client
	must ip -n client link set client up
	ip -n client link set lo up
}

# Half of the round trip in each direction.
make_distance() {
	must tc qdisc add dev server root netem delay "$half"us limit 100000
	must tc -n client qdisc add dev client root netem delay "$half"us limit 100000
}

serve_nfs() {
	load nfsd nfsv4
	must mount -t tmpfs state /var/lib/nfs
	mkdir -p /var/lib/nfs/sm /var/lib/nfs/v4recovery /var/lib/nfs/rpc_pipefs
	: > /var/lib/nfs/etab
	: > /var/lib/nfs/rmtab
	must mount -t nfsd nfsd /proc/fs/nfsd
	must mount -t rpc_pipefs pipes /var/lib/nfs/rpc_pipefs
	must exportfs -o rw,fsid=0,no_root_squash,no_subtree_check,insecure,async '*:/run/export'
	must rpc.mountd -N 2 -N 3
	must rpc.nfsd -N 3 -U --lease-time 10 --grace-time 10 8
	export STATMARK_LAB_SOURCE=$server_ip:
	export STATMARK_LAB_OPTIONS=vers=4.2,proto=tcp,addr=$server_ip,clientaddr=$client_ip
	STATMARK_LAB_OPTIONS=$STATMARK_LAB_OPTIONS,nosharecache
}

serve_cifs() {
	load cifs
	for dir in /var/lib/samba /var/cache/samba /var/log; do
		must mount -t tmpfs state $dir
	done
	mkdir -p /run/samba /var/lib/samba/private /var/log/samba
	cat > /run/smb.conf <<-END
	[global]
	 server role = standalone server
	 map to guest = Bad User
	 guest account = root
	 interfaces = $server_ip/24
	 bind interfaces only = yes
	 disable netbios = yes
	 smb ports = 445
	 load printers = no
	 server min protocol = SMB3
	[export]
	 path = /run/export
	 guest ok = yes
	 read only = no
	END
	hostname statmark
	must smbd -D -s /run/smb.conf
	export STATMARK_LAB_SOURCE=//$server_ip/export
	export STATMARK_LAB_OPTIONS=vers=3.1.1,user=,pass=,ip=$server_ip
	STATMARK_LAB_OPTIONS=$STATMARK_LAB_OPTIONS,nosharesock
}

# Seconds that are left of all, but for what the host does afterwards; a share of them in per cent.
left() {
	read -r up _ < /proc/uptime
	rest=$(((seconds - ${up%.*}) * $1 / 100))
	[ $seconds -eq 0 ] && rest=0 || [ $rest -ge 1 ] || rest=1
	echo $rest
}

# A line from the host asks to end.
listen() {
	stty -F /dev/tty1 -echo
	read -r _ < /dev/tty1
	: > /run/stop
	kill -INT "$(cat /run/pid)" 2> /dev/null
}

# measure SHARE DIRECTORY ARGUMENT...: a run in that share of the time left, unless it is to end.
measure() {
	share=$1 dir=$2
	shift 2
	[ -e /run/stop ] && return
	echo "@lab run"
	$client "$program" run --max-time "$(left "$share")" -o "/run/out/$dir" "$@" \
		> /dev/null 2> /dev/tty1 < /dev/null &
	echo $! > /run/pid
	wait $!
	code=$?
	echo "@lab code $code $dir"
	rm -rf /run/export/*
}

mount_all
find_modules
program=/run/host$program
listen &
step "making the network"
make_network
step "starting the server of $fs"
serve_$fs
make_distance
export STATMARK_LAB_FS=$fs STATMARK_LAB_SERVED=/run/export
export STATMARK_LAB_FACTS="$words, server and client in user-mode-linux $(uname -r)"
