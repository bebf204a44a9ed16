"""Runs a program with what the unit and the image together leave it: sandbox.py SYSCALLS ROOT COMMAND...

SYSCALLS: a file with the names of the system calls that are allowed, one a line; any other is EPERM. No new rights, no
memory that is written and then run, ROOT as the root, uid 65532. Nothing of this needs to be in ROOT.
"""
import ctypes
import os
import sys

NO_NEW_PRIVS, MDWE, REFUSE_EXEC_GAIN = 38, 65, 1
ALLOW, EPERM_ELSE = 0x7FFF0000, 0x00050001

libc = ctypes.CDLL(None, use_errno=True)
seccomp = ctypes.CDLL("libseccomp.so.2")
seccomp.seccomp_init.restype = ctypes.c_void_p


def must(result, what):
    if result != 0:
        sys.exit(f"{what}: {result}, {os.strerror(ctypes.get_errno())}")


with open(sys.argv[1], encoding="ascii") as file:
    names = file.read().split()
rules = ctypes.c_void_p(seccomp.seccomp_init(EPERM_ELSE))
for name in names:
    number = seccomp.seccomp_syscall_resolve_name(name.encode())
    # Negative: a call of another processor.
    if number >= 0:
        must(seccomp.seccomp_rule_add(rules, ALLOW, number, 0), name)

os.chroot(sys.argv[2])
os.chdir("/")
os.setgroups([])
os.setresgid(65532, 65532, 65532)
os.setresuid(65532, 65532, 65532)
must(libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0), "no new rights")
must(libc.prctl(MDWE, REFUSE_EXEC_GAIN, 0, 0, 0), "no writable code")
must(seccomp.seccomp_load(rules), "system calls")
os.execv(sys.argv[3], sys.argv[3:])
