import type { HostEnd } from '../../racks/racks.js'
import type { Level, MachineLevels } from './machine-levels.js'

/** From so much of a level on it is looked who has it. */
const high = 0.5
/** Of the memory that a host may have: so much of the kernel's on top of it is nobody's need. */
const memoryShare = 0.5
const leastMemoryBytes = 64 * 1024 ** 2
/** Of what all share, one host may have this part. */
const fairShare = 0.25

/** What one host has of what all share; at least, where not all of it was counted. */
export interface Holding {
  memory: number
  terminals: number
  files: number
  neighbours: number
  /** `beyond`: there is more than is looked at of any host. `late`: the look had not come to its end, and nobody knows why. */
  counted: 'whole' | 'beyond' | 'late'
}

/** From the lines of measure-namespaces.pl, of which the last may be missing, or be there in part. Pure. */
export function readHolding(lines: string): Holding {
  const last =
    lines
      .slice(0, lines.lastIndexOf('\n') + 1)
      .trimEnd()
      .split('\n')
      .at(-1) ?? ''
  const [memory, neighbours, files, terminals, end] = last.split(' ')
  return {
    memory: Number(memory) || 0,
    terminals: Number(terminals) || 0,
    files: Number(files) || 0,
    neighbours: Number(neighbours) || 0,
    counted: end === 'whole' || end === 'beyond' ? end : 'late',
  }
}

/** Which of what is short one host has too much of. Pure. */
export function tooMuch(holding: Holding, levels: MachineLevels, memoryBytes: number): HostEnd | undefined {
  const { memory, terminals, files, neighbours } = levels
  if (isHigh(memory) && holding.memory > Math.max(leastMemoryBytes, memoryBytes * memoryShare)) return 'kernel-memory'
  if (isHigh(terminals) && holding.terminals > terminals.most * fairShare) return 'terminals'
  if (isHigh(files) && holding.files > files.most * fairShare) return 'files'
  if (isHigh(neighbours) && holding.neighbours > neighbours.most * fairShare) return 'neighbours'
  return undefined
}

export function isShort(levels: MachineLevels): boolean {
  return Object.values(levels).some(isHigh)
}

function isHigh({ used, most }: Level): boolean {
  return used > most * high
}
