import type { Command } from 'commander'

/** The subcommands of vethlab by name, in the order of its help. Each is read only when it is called. */
export const commands: Record<string, () => Promise<Command>> = {
  serve: async () => (await import('./serve.js')).serveCommand(),
  service: async () => (await import('./service.js')).serviceCommand(),
  setup: async () => (await import('./setup.js')).setupCommand(),
  doctor: async () => (await import('./doctor.js')).doctorCommand(),
  images: async () => (await import('./images.js')).imagesCommand(),
  lint: async () => (await import('./lint.js')).lintCommand(),
  import: async () => (await import('./import.js')).importCommand(),
  preview: async () => (await import('./preview.js')).previewCommand(),
  trace: async () => (await import('./trace.js')).traceCommand(),
  diagnose: async () => (await import('./diagnose.js')).diagnoseCommand(),
  test: async () => (await import('./test.js')).testCommand(),
  grade: async () => (await import('./grade.js')).gradeCommand(),
  numbers: async () => (await import('./numbers.js')).numbersCommand(),
  evidence: async () => (await import('./evidence.js')).evidenceCommand(),
  score: async () => (await import('./score.js')).scoreCommand(),
  rackd: async () => (await import('./rackd.js')).rackdCommand(),
  rack: async () => (await import('./rack.js')).rackCommand(),
  sweep: async () => (await import('./sweep.js')).sweepCommand(),
  records: async () => (await import('./records.js')).recordsCommand(),
  user: async () => (await import('./user.js')).userCommand(),
  log: async () => (await import('./log.js')).logCommand(),
  bench: async () => (await import('./bench.js')).benchCommand(),
}
