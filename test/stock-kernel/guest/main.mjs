// Runs in the guest, as root of a machine with a stock kernel. Prints `ok NAME` or `not ok NAME: why` for each case, and
// the number of cases in the end.
import { oneLine } from '../../../dist/wording/one-line.js'
import { Lab } from './lab.mjs'
import { closeCases, machineCases, rackCases } from './machine-cases.mjs'
import { networkCases } from './network-cases.mjs'
import { swarmCases } from './swarm-cases.mjs'

const lab = new Lab()
const cases = Object.entries({ ...machineCases, ...rackCases, ...networkCases, ...swarmCases, ...closeCases })
for (const [name, prove] of cases) {
  try {
    await prove(lab)
    console.log(`ok ${name}`)
  } catch (error) {
    for (const line of await lab.lastWords().catch(() => [])) console.log(oneLine(line))
    console.log(`not ok ${name}: ${oneLine(error.message)}`)
  }
}
console.log(`1..${cases.length}`)
process.exit()
