import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { expect, it } from 'vitest'

/**
 * Fuzzing: the same inputs in every run of `npm test`, and others for as long as one likes: FUZZ_SECONDS is the time of each fuzzer,
 * FUZZ_SEED where they begin. What fails is printed with its seed and path, and made as small as it gets.
 */
const seconds = Number(process.env.FUZZ_SECONDS ?? 0)
const seed = Number(process.env.FUZZ_SEED ?? 20_260_101)

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
/** What a fuzzer may have grown by at its end: what the compiler and fast-check keep. */
const mostGrowthBytes = 64 * 1024 ** 2

/**
 * A test that tries a property with many inputs. A property fails by throwing; it also fails where memory that was taken for the inputs
 * stays behind.
 * @param runs inputs in a usual run
 */
export function fuzz<T>(
  name: string,
  runs: number,
  input: fc.Arbitrary<T>,
  property: (input: T) => void | Promise<void>,
): void {
  it(
    name,
    async () => {
      const heap = () => {
        collectGarbage()
        return process.memoryUsage().heapUsed
      }
      let done = 0
      let before = 0
      await fc.assert(
        fc.asyncProperty(input, async (value) => {
          // The first inputs warm up what is made once.
          if (done++ === 20) before = heap()
          await property(value)
        }),
        {
          seed,
          ...(seconds > 0 ? { numRuns: Number.MAX_SAFE_INTEGER } : { numRuns: runs }),
          ...(seconds > 0 ? { interruptAfterTimeLimit: seconds * 1000, markInterruptAsFailure: false } : {}),
        },
      )
      if (seconds > 0) console.log(`${name}: ${done} inputs in ${seconds} s from seed ${seed}`)
      if (before > 0) expect(heap() - before).toBeLessThan(mostGrowthBytes)
    },
    (seconds + 120) * 1000,
  )
}
