import type { Verb, What } from '../learner/may.js'
import type { Who } from '../learner/who.js'
import type { Read, RequestName } from '../protocol/requests.js'

/** What somebody must be allowed to do who asks that, and to what. */
interface Right<K extends RequestName> {
  verb: Verb
  what(who: Who, ask: Read<K>): What
}

/** Sessions are looked up among one's own alone: an id of another learner's is an unknown one. */
const own: Right<RequestName> = { verb: 'work', what: (who) => ({ learner: who.person }) }
/** To begin one, and to work in it, is asked of the session's lab besides. */
const reads: Right<'session.join'> = { verb: 'read', what: (_who, { lab }) => ({ lab }) }

type OfClass = { [K in RequestName]: Read<K> extends { class: string } ? K : never }[RequestName]
function inClass<K extends OfClass>(verb: Verb): Right<K> {
  return { verb, what: (_who, ask) => ({ class: (ask as { class: string }).class }) }
}

/** For each request over a socket: the table that `may` is asked by. */
export const rights: { readonly [K in RequestName]: Right<K> } = {
  'session.join': reads,
  'session.reopen': own,
  'session.leave': own,
  'session.startOver': own,
  'session.stay': own,
  'step.check': own,
  'step.answer': own,
  'step.hint': own,
  'step.show': own,
  'step.do': own,
  'step.skip': own,
  'rack.reset': own,
  'rack.replay': own,
  'rack.preview': own,
  'block.run': own,
  'block.text': own,
  'network.follow': own,
  'network.at': own,
  'trace.run': own,
  'trace.repeat': own,
  'trace.check': own,
  'trace.cancel': own,
  'diagnose.run': own,
  'inquiry.tell': own,
  'author.run': own,
  'author.look': own,
  'terminal.open': own,
  'terminal.close': own,
  'terminal.attach': own,
  'terminal.detach': own,
  'terminal.write': own,
  'terminal.resize': own,
  // Everybody is told of the classes that they may see, and of no others.
  'class.list': own,
  'class.create': { verb: 'found', what: () => 'house' },
  'class.change': inClass('lead'),
  'class.dates': inClass('lead'),
  'class.extend': inClass('lead'),
  'class.code': inClass('lead'),
  'class.end': inClass('lead'),
  'class.follow': inClass('watch'),
  'class.unfollow': own,
  'class.assess': inClass('lead'),
  'class.regrade': inClass('lead'),
  'class.lock': inClass('assist'),
  'class.export': inClass('assist'),
  'note.send': inClass('assist'),
  'seat.detail': inClass('assist'),
  'seat.network': inClass('assist'),
  'hand.take': inClass('assist'),
  'hand.close': inClass('assist'),
  'work.submit': own,
  'hand.pause': inClass('assist'),
  'hint.list': inClass('assist'),
  'hint.give': inClass('assist'),
  'desk.follow': own,
  'hand.raise': own,
  'hand.lower': own,
  'share.begin': inClass('assist'),
  'share.end': inClass('assist'),
  'share.open': own,
  'share.map': own,
  'share.attach': own,
  'look.ask': inClass('assist'),
  // A look is its learner's and its asker's: nobody else's is found.
  'look.offer': own,
  'look.give': own,
  'look.end': own,
  'look.open': own,
  'look.attach': own,
  'seat.add': inClass('lead'),
  'seat.reissue': inClass('assist'),
  'seat.close': inClass('assist'),
  'seat.reset': inClass('assist'),
  'seat.merge': inClass('lead'),
  'seat.remove': inClass('lead'),
}
