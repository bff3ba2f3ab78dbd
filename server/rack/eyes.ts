import { fromPackage } from '../package-root.js'

/** Where the programs in Perl are that look at the kernel for us, and make what needs processes of its own. */
export const eyesDirectory = fromPackage('server', 'rack', 'eyes')

/** Each begins with what it does, what it is told, and what it says. */
export type Eye =
  | 'ask-by-datagram'
  | 'ask-by-stream'
  | 'hold-user-namespaces'
  | 'measure-namespaces'
  | 'observe-packet'
  | 'read-files'
  | 'run-in-network'
  | 'start-eyes'
  | 'talk-to-program'
  | 'wait-for-program'
  | 'walk-namespaces'
  | 'watch-namespaces'

/** The command line of one of them. perl-base is essential on Debian and Ubuntu. */
export function eye(name: Eye, ...args: string[]): [file: string, ...args: string[]] {
  return ['perl', `-I${eyesDirectory}`, `${eyesDirectory}/${name}.pl`, ...args]
}
