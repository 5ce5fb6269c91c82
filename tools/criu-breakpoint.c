/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Do breakpoints of the processor stop a process here? CRIU ends its work in each process with one
 * and waits for it; a virtual machine may take them without an error and never stop, and CRIU up to
 * 4.1 then waits for ever. 0: they do; 1: they do not. For x86 only.
 */
#include <signal.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST_ON = 1 };

static void __attribute__((noinline)) stop_here(void)
{
	__asm__ volatile("nop" ::: "memory");
}

static long set(pid_t pid, int reg, unsigned long value)
{
	return ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg[reg]), value);
}

int main(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		(void)raise(SIGSTOP);
		stop_here();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 1;
	if (set(pid, 0, (unsigned long)stop_here) == 0 && set(pid, 7, FIRST_ON) == 0)
		(void)ptrace(PTRACE_CONT, pid, NULL, NULL);
	(void)waitpid(pid, &status, 0);
	if (!WIFSTOPPED(status))
		return WIFEXITED(status);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	return 0;
}
