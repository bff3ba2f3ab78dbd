import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { machinePath, must } from '../../dist/rack/command.js'
import { oneLine } from '../../dist/wording/one-line.js'

/** Warnings go to the kernel's own log; what ends a kernel is printed at any level. */
const kernelArguments = [
  ...['root=/dev/nvme0n1', 'rw', 'console=ttyS0', 'quiet', 'loglevel=3', 'panic=-1', 'init=/sbin/guest-init'],
  // Nobody attacks it, and emulation makes every guard against faults of real processors dear.
  'mitigations=off',
]
/** All that the emulator can do, but for page tables of five levels, which take longer to walk. */
const processor = 'max,la57=off'

/**
 * Boots an emulated computer, without any network device, from its first disk and reads its console until it is off.
 * Nothing is written to the disks. It ends with this process.
 * @returns why it ended, in words
 */
export async function boot({ kernel, disks, scratch, deadlineMs, signal, onLine }) {
  const { root, ...others } = disks
  const drive = (id, file) => ['-drive', `if=none,id=${id},file=${file},format=raw,snapshot=on`]
  const argv = [
    'qemu-system-x86_64',
    ...['-accel', `tcg,thread=${await threading()}`, '-cpu', processor, '-smp', '2', '-m', '4096'],
    ...['-nodefaults', '-display', 'none', '-serial', 'stdio', '-monitor', 'none', '-nic', 'none', '-no-reboot'],
    ...['-kernel', kernel, '-append', kernelArguments.join(' ')],
    ...[...drive('root', root), '-device', 'nvme,drive=root,serial=root'],
    ...Object.entries(others).flatMap(([id, file]) => [...drive(id, file), '-device', `virtio-blk-pci,drive=${id}`]),
  ]
  signal.throwIfAborted()
  const qemu = spawn('setpriv', ['--pdeathsig', 'KILL', ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: machinePath, TMPDIR: scratch },
  })
  let ended = 'it was off'
  const end = (why) => {
    ended = why
    qemu.kill('SIGKILL')
  }
  const timer = setTimeout(() => end(`no end after ${deadlineMs / 60_000} minutes`), deadlineMs)
  const abort = () => end(signal.reason.message)
  signal.addEventListener('abort', abort)
  for (const output of [qemu.stdout, qemu.stderr]) {
    createInterface({ input: output }).on('line', (line) => onLine(oneLine(line, 2000)))
  }
  try {
    const [exitCode] = await once(qemu, 'close')
    return exitCode ? `exit code ${exitCode}` : ended
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}

/**
 * A thread for each processor, where QEMU can do so: before 8.1 ("accel/tcg: Always lock pages before translation") one
 * processor may run the breakpoint of another that is about to replace an instruction, and Linux panics with "int3".
 */
async function threading() {
  const [, major, minor] = /version (\d+)\.(\d+)/.exec(await must('qemu-system-x86_64', ['--version'])) ?? []
  return Number(major) * 100 + Number(minor) >= 801 ? 'multi' : 'single'
}
