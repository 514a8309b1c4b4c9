/*
 * In the build variant `guard`, an allocation while the calling thread is armed ends the process
 * with a message. This proves that nothing is allocated inside the timed region. In other variants
 * these functions do nothing.
 */
#ifndef ENGINE_BASE_GUARD_H
#define ENGINE_BASE_GUARD_H

#ifdef STATMARK_GUARD
void guard_arm(const char *what); /* what: the name in the message */
void guard_disarm(void);
#else
static inline void guard_arm(const char *what)
{
	(void)what;
}
static inline void guard_disarm(void)
{
}
#endif

#endif
