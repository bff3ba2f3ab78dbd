import { isInHostNamespace, type Place } from '../place/place.js'
import { called } from './words.js'

/**
 * A command as it can really be run for a place. In a container it is entered by its host: the image may lack the tool, and
 * without `--cap-add NET_ADMIN` the kernel refuses any change of routes, rules and links there.
 */
export function commandIn(place: Place, command: string): string {
  if (!place.container || isInHostNamespace(place)) return command
  return `nsenter -t $(docker inspect -f '{{.State.Pid}}' ${called(place)}) -n ${command}`
}
