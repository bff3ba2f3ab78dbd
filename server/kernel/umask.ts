/**
 * Which rights new files do not get (umask(2)), whatever the shell or service has that this is started from: others may write none. What is
 * started in hosts takes it over, and hosts are usual machines; files that others may not read are made with a mode of their own.
 */
export function setUsualUmask(): void {
  process.umask(0o022)
}
