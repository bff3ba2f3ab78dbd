import { StateDirectory } from '../../server/rack/state-directory.js'

/** The state directory of all tests; `npm test` has set it up. Kept between runs, so that golden is built once. */
export const testState = StateDirectory.at(process.env.VETHLAB_STATE ?? '/var/tmp/vethlab-test')
