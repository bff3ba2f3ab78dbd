import { readFileSync } from 'node:fs'

/**
 * Limits of each process in a host (setrlimit(2)): prlimit's option, the name in /proc/PID/limits, and the most. Nobody inside can
 * raise them.
 */
const limits: [option: string, name: string, most: number][] = [
  ['nofile', 'open files', 65_536],
  // A core dump may be piped to a program of the machine's (core(5)); 1 prevents that, which 0 does not.
  ['core', 'core file size', 1],
  ['memlock', 'locked memory', 8 * 1024 ** 2],
  ['msgqueue', 'msgqueue size', 819_200],
  ['sigpending', 'pending signals', 8192],
  ['nice', 'nice priority', 0],
  ['rtprio', 'realtime priority', 0],
]

/**
 * The command line that starts the runtime with those limits, which all that it starts in a host inherits. Not by the bundle: the
 * runtime would set them once the process is in its user namespace, where a machine's root without CAP_SYS_RESOURCE may not.
 */
export function limited(argv: [file: string, ...args: string[]]): [file: string, ...args: string[]] {
  const own = readFileSync('/proc/self/limits', 'utf8')
  const options = limits.map(([option, name, most]) => {
    const hard = new RegExp(`^Max ${name} +\\S+ +(\\d+)`, 'm').exec(own)?.[1]
    // Where this process has less, and may not raise it, a host has no more.
    const value = Math.min(most, Number(hard ?? most))
    return `--${option}=${value}:${value}`
  })
  return ['prlimit', ...options, ...argv]
}
