// Run by the Electron binary as Node: can this very binary make a user namespace, and does it have rights in it? AppArmor
// decides by the executable's path, and may allow the namespace but none of the rights that Chromium's sandbox needs in it
// (Ubuntu 24.04). So clone(2) starts a process in a new user namespace that does one thing: unshare(CLONE_NEWNET), the
// next step of Chromium's sandbox. It runs no JavaScript: libc's clone calls libc's unshare, and its answer is the exit
// status. Chromium asks the same way (sandbox/linux/services/credentials.cc, CanCreateProcessInNewUserNS).
// Exit code: 0 it can, 1 it cannot; the kernel's reason on standard output.
import { constants } from 'node:os';
import koffi from 'koffi';

const CLONE_NEWUSER = 0x10000000; // linux/sched.h
const CLONE_NEWNET = 0x40000000;
const STACK_BYTES = 65536;
const ALIGNMENT = 16n; // of a stack on x86-64 and arm64

const libc = koffi.load(null);
const clone = libc.func('int clone(void *entry, void *stack, int flags, void *argument)');
const waitpid = libc.func('int waitpid(int pid, _Out_ int *status, int options)');

const nameOf = (errno) => Object.entries(constants.errno).find(([, code]) => code === errno)?.[0] ?? `error ${errno}`;

function refuse(why) {
  process.stdout.write(why);
  process.exit(1);
}

const bottom = koffi.alloc('uint8_t', STACK_BYTES);
const top = ((koffi.address(bottom) + BigInt(STACK_BYTES)) / ALIGNMENT) * ALIGNMENT; // it grows downwards
const pid = clone(libc.symbol('unshare'), top, CLONE_NEWUSER | constants.signals.SIGCHLD, BigInt(CLONE_NEWNET));
if (pid < 0) refuse(nameOf(koffi.errno()));
const status = [0];
waitpid(pid, status, 0);
if (status[0] !== 0) refuse('no rights inside it');
