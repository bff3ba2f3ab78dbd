/** Whether a dotted version such as `6.1.0-18-amd64` or `20.20.2` is `major.minor` or later; false for text without numbers. */
export function isAtLeast(version: string, major: number, minor: number): boolean {
  const [, foundMajor, foundMinor] = /^v?(\d+)\.(\d+)/.exec(version) ?? []
  if (foundMajor === undefined) return false
  return Number(foundMajor) > major || (Number(foundMajor) === major && Number(foundMinor) >= minor)
}
