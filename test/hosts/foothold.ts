/** Where an attacker stands who is root of a host. */
export interface Foothold {
  name: string
  /** Where the host's own files are from there. */
  root: string
  /** What the host is told to run, so that `argv` runs there. */
  run(argv: string[]): string[]
}

const everything = ['--privileged', '--pid', 'host', '--network', 'host', '--volume', '/:/h']

export const footholds: Foothold[] = [
  { name: 'a root shell', root: '', run: (argv) => argv },
  {
    name: 'a container with all that Docker can give',
    root: '/h',
    run: (argv) => ['docker', 'run', '--rm', '--interactive', ...everything, 'netshoot', ...argv],
  },
]
