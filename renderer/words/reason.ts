import type { UndecodableReason } from '../../core/contract/model.ts'

const reasons: Record<UndecodableReason, string> = {
  not_text: 'not text',
  not_json: 'not JSON',
  too_large: 'too large',
  too_many_series: 'of more series than are watched',
  too_deep: 'nested too deep',
  not_finite: 'a number without an end',
  no_value: 'no value in it',
  empty: 'empty',
  not_as_mapped: 'not as its mapping says',
  not_sparkplug: 'not a Sparkplug message',
  sparkplug_no_birth: 'an alias whose birth was not heard',
  bad_quality: 'marked bad by the device',
}

/** Why a message could not be read, as it stands in a sentence. */
export function reasonWords(reason: UndecodableReason): string {
  return reasons[reason]
}
