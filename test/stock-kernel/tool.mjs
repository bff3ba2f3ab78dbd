import { must } from '../../dist/rack/command.js'

/**
 * Runs a tool that must succeed, and that does not outlive us with what it starts and mounts: it is killed with its
 * parent, and it is the first process of namespaces that end with it.
 */
export async function runContained(argv, { signal, timeoutMs }) {
  const contained = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--']
  await must('setpriv', ['--pdeathsig', 'KILL', ...contained, ...argv], { signal, timeoutMs })
}
