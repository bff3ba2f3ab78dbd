import { constants } from 'node:fs'
import { libc } from '../kernel/libc.js'

// What Node cannot ask of a file descriptor. Numbers are Linux's own, the same on x86_64 and arm64.
const F_SETFD = 2
const FD_CLOEXEC = 1
const F_DUPFD_CLOEXEC = 1030
const TCGETS = 0x5401
const TCSETSF = 0x5404
const TCFLSH = 0x540b
const TCOFLUSH = 1
const FIONREAD = 0x541b
const TIOCGPTPEER = 0x5441
const POLLIN = 1
const O_CLOEXEC = 0o2000000
const ISIG = 0o1
const NOFLSH = 0o200

/** Offsets in the kernel's `struct termios`: four flag words, the line discipline, then the control characters. */
const LFLAG_OFFSET = 12
const VINTR_OFFSET = 17
const TERMIOS_BYTES = 64

/** `struct pollfd`: a descriptor, what is asked, and what is answered. */
const POLLFD_BYTES = 8
const REVENTS_OFFSET = 6

const fcntl = libc.func('int fcntl(int fd, int command, ...)')
const ioctl = libc.func('int ioctl(int fd, unsigned long request, ...)')
const poll = libc.func('int poll(void *descriptors, unsigned long count, int timeout)')

/** Keeps the descriptor out of programs started later. */
export function closeOnExec(fd: number): void {
  if (fcntl(fd, F_SETFD, 'int', FD_CLOEXEC) === -1) throw failure('fcntl(F_SETFD)')
}

/** A second descriptor of the same open file, closed on exec. */
export function duplicate(fd: number): number {
  const copy: number = fcntl(fd, F_DUPFD_CLOEXEC, 'int', 3)
  if (copy === -1) throw failure('fcntl(F_DUPFD_CLOEXEC)')
  return copy
}

/** Whether the terminal itself makes Ctrl-C a signal, and then throws away what was typed before it. */
export function interruptFlushesInput(master: number): boolean {
  const termios = Buffer.alloc(TERMIOS_BYTES)
  if (ioctl(master, TCGETS, 'void *', termios) === -1) return false
  const flags = termios.readUInt32LE(LFLAG_OFFSET)
  return (flags & ISIG) !== 0 && (flags & NOFLSH) === 0 && termios[VINTR_OFFSET] === 3
}

/** Throws away input on its way to the program. */
export function discardTravellingInput(master: number): void {
  ioctl(master, TCFLSH, 'int', TCOFLUSH)
}

/** Throws away input that waits for the program to read it. Asked of the master, this reaches the slave's queue. */
export function discardWaitingInput(master: number): void {
  const termios = Buffer.alloc(TERMIOS_BYTES)
  if (ioctl(master, TCGETS, 'void *', termios) !== -1) ioctl(master, TCSETSF, 'void *', termios)
}

/** The side of a terminal that programs have, by its master (ioctl_tty(2)). @returns undefined where it can't be opened */
export function openPeer(master: number): number | undefined {
  const peer: number = ioctl(master, TIOCGPTPEER, 'int', constants.O_RDWR | constants.O_NOCTTY | O_CLOEXEC)
  return peer === -1 ? undefined : peer
}

/** Bytes that wait to be read: of a terminal in canonical mode, those of whole lines. */
export function unreadBytes(fd: number): number {
  const count = Buffer.alloc(4)
  return ioctl(fd, FIONREAD, 'void *', count) === -1 ? 0 : count.readInt32LE()
}

/**
 * Whether there is something to read, for each. What is on its way to a terminal has arrived before it answers, one after
 * another: n_tty_poll() waits for the work queue that brings it.
 */
export function readable(...fds: number[]): boolean[] {
  const asked = Buffer.alloc(fds.length * POLLFD_BYTES)
  for (const [index, fd] of fds.entries()) {
    asked.writeInt32LE(fd, index * POLLFD_BYTES)
    asked.writeInt16LE(POLLIN, index * POLLFD_BYTES + 4)
  }
  poll(asked, fds.length, 0)
  return fds.map((_, index) => asked.readInt16LE(index * POLLFD_BYTES + REVENTS_OFFSET) !== 0)
}

function failure(call: string): Error {
  return new Error(`${call} failed with errno ${libc.errno()}`)
}
