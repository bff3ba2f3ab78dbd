import { isInHostNamespace, type Place } from '../place/place.js'
/**
 * A command as it can really be run for a place. In a container it is entered by its host: the image may lack the tool, and
 * without `--cap-add NET_ADMIN` the kernel refuses any change of routes, rules and links there. A namespace of the Engine's own, such
 * as an overlay's, is entered by the file that the Engine keeps it under.
 */
export function commandIn(place: Place, command: string): string {
  const { owner } = place.namespace ?? {}
  if (owner?.kind === 'engine') return `nsenter --net=/run/docker/netns/${owner.name} ${command}`
  if (!place.container || isInHostNamespace(place)) return command
  return `nsenter -t $(docker inspect -f '{{.State.Pid}}' ${place.container.name}) -n ${command}`
}
