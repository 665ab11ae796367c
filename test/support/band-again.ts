// The learned band once more, as its README says it: plain objects, the engine's own Math, nothing shared with the
// program. For series whose readings come every five minutes, where the half-lives are as written.

/** What is to be said of a reading, by what was learned before it. */
export interface Said {
  readonly band: { readonly low: number; readonly high: number } | null
  /** How far from where it was expected, in its usual spread; NaN: nothing was. */
  readonly z: number
  /** Powers of ten, all channels together. */
  readonly score: number
  /** The channel that says most. */
  readonly channel: string
  /** How far from 0 it usually is, and what it is. */
  readonly usually: number
  readonly feature: number
  readonly rarity: number
  readonly steps: number
  /** Readings before this one, and the milliseconds in which they came. */
  readonly readings: number
  readonly span: number
  /** Weeks and days in which this hour was seen whole; where the band follows the season. */
  readonly weeks: number
  readonly days: number
  readonly seasonal: boolean
  /** Hour of the week, from a Thursday. */
  readonly slot: number
}

const hour = 3_600_000
const channels = ['jump', 'value', 'level', 'noise', 'season', 'season-shift', 'drift', 'pattern', 'spike'] as const
type Channel = (typeof channels)[number]
const ofSeason: readonly Channel[] = ['season', 'season-shift', 'drift']
const leasts: Readonly<Record<string, number>> = { season: 3, 'season-shift': 3, pattern: 3 }
const upward: readonly string[] = ['pattern', 'spike']

/** The first values weigh alike, then each new one as its half-life says. */
class Mean {
  readonly rate: number
  value = 0
  n = 0
  constructor(halfLife: number) {
    this.rate = 1 - 2 ** (-1 / halfLife)
  }
  add(value: number, n = this.n): void {
    this.value += Math.max(this.rate, 1 / (n + 1)) * (value - this.value)
    this.n = n + 1
  }
}

/** And how far from it; from the 21st on a value pulls no further than four spreads. */
class Spread extends Mean {
  variance = 0
  override add(value: number, n = this.n): void {
    const a = Math.max(this.rate, 1 / (n + 1))
    const most = n >= 20 ? 4 * Math.sqrt(this.variance) : Infinity
    const d = Math.min(most, Math.max(-most, value - this.value))
    this.value += a * d
    this.variance = (1 - a) * (this.variance + a * d * d)
    this.n = n + 1
  }
  get spread(): number {
    return Math.sqrt(this.variance)
  }
}

/** One channel: what is usual, and its largest deviation of each episode of 15 readings; of drift they are 60. */
class Memory {
  readonly usual = new Spread(8_000)
  peaks: number[] = []
  private candidate = 0
  private age = 0
  private readonly episode: number
  constructor(channel: Channel) {
    this.episode = channel === 'drift' ? 60 : 15
  }

  /** While an alert is open, all of it is one episode. */
  peak(size: number, held: boolean): void {
    if (size >= this.candidate) {
      this.candidate = size
      this.age = 0
    } else if (++this.age >= this.episode && !held) {
      this.peaks = [...this.peaks, this.candidate].sort((a, b) => b - a).slice(0, 12)
      this.candidate = Math.max(0, size)
      this.age = 0
    }
  }

  asLarge(size: number): number {
    return this.peaks.filter((each) => each >= size / 1.05).length
  }

  rarity(size: number): number {
    const episodes = this.usual.n / this.episode
    if (episodes < 2) return 0
    const lived = Math.log10(Math.min(400, Math.floor(episodes)) + 1)
    const known = lived - Math.log10(this.asLarge(size) + 0.7)
    const [largest = 0] = this.peaks
    if (largest === 0 || size / 1.05 <= largest) return known
    return Math.min(2.5 * lived, known + (3 * Math.log10(size / 1.05 / largest)) / this.tail())
  }

  /** Hill's estimate, taken for 3 until four peaks have said otherwise. */
  private tail(): number {
    const peaks = this.peaks.filter((each) => each > 0)
    const k = peaks.length >> 1
    const sum = peaks.slice(0, k).reduce((all, each) => all + Math.log(each / peaks[k]!), 3)
    return sum / (4 + k)
  }
}

class Slot extends Mean {}

/** Read every reading of the series, oldest first; each answers what is to be said of it. */
export class BandAgain {
  private readonly nearest = new Mean(2)
  private readonly recently = new Mean(8)
  private readonly step = new Mean(8)
  private readonly long = new Spread(600)
  private readonly slow = new Spread(3_000)
  private readonly values: number[] = []
  private readonly memories = new Map<string, Memory>(channels.map((channel) => [channel, new Memory(channel)]))
  private readonly ofDay = Array.from({ length: 24 }, () => new Slot(5))
  private readonly ofWeek = Array.from({ length: 168 }, () => new Slot(3))
  private readonly restRecently = new Mean(8)
  private readonly restOfDay = new Mean(300)
  private readonly restLong = new Spread(6_000)
  private readonly firstRests: number[] = []
  private readonly hourValues: number[] = []
  private readonly moves = new Map<string, number>()
  private readonly surprise = new Mean(6)
  private weight = 1
  private bin = -1
  private rests = 0
  private hourNow = 0
  private dayNow = 0
  private days = 0
  /** The band as it stands, and as it is held. */
  private kept = { seasonal: false, above: 0, spread: 0, half: 0 }
  private readonly distinct = new Set<number>()
  private first = Number.NaN
  private rises = 0
  private falls = 0

  /** `held`: an alert about it is open, so its band stays as it was. */
  read(time: number, value: number, held = false): Said {
    if (this.values.length === 0) this.first = time
    const slot = this.slotOf(Math.floor(time / hour))
    const usual = this.usualAt(slot)
    const rest = value - usual
    if (!Number.isNaN(usual)) {
      this.restRecently.add(rest, this.rests)
      this.restOfDay.add(rest, this.rests)
    }
    if (!held) this.settle()
    const band = this.band(usual, value)
    this.nearest.add(value)
    this.recently.add(value)
    if (this.values.length > 0) this.step.add(Math.abs(value - this.values.at(-1)!))
    this.move(value)
    const said = this.weigh(value, rest, held)
    const answer: Said = {
      ...said,
      score: this.isMeasurement() ? said.score : 0,
      ...band,
      steps: this.step.value,
      readings: this.values.length,
      span: time - this.first,
      weeks: this.ofWeek[slot]!.n,
      days: this.ofDay[slot % 24]!.n,
      seasonal: this.kept.seasonal,
      slot,
    }
    this.learn(time, value, rest)
    return answer
  }

  private isMeasurement(): boolean {
    const counts = this.rises > 0.2 * this.values.length && (this.falls - 1) * 200 < this.rises
    return this.values.length >= 100 && this.distinct.size >= 8 && !counts
  }

  private band(usual: number, value: number): Pick<Said, 'band' | 'z'> {
    const { seasonal, above, spread, half } = this.kept
    if (!this.isMeasurement() || this.memories.get('value')!.usual.n < 100) return { band: null, z: Number.NaN }
    const season = Number.isNaN(usual) ? this.long.value : usual + above
    const middle = seasonal ? season : above
    return { band: { low: middle - half, high: middle + half }, z: (value - middle) / spread }
  }

  private settle(): void {
    const [ofValue, ofSeason] = [this.memories.get('value')!, this.memories.get('season')!]
    const better = ofSeason.usual.spread < (this.kept.seasonal ? 0.95 : 0.8) * ofValue.usual.spread
    const seasonal = ofSeason.usual.n >= 100 && better
    const { usual, peaks } = seasonal ? ofSeason : ofValue
    const spread = usual.spread + 0.01 * this.long.spread
    const half = Math.max(3 * spread, (peaks[5] ?? 0) * (seasonal ? 1 : spread))
    this.kept = { seasonal, above: usual.value + (seasonal ? 0 : this.long.value), spread, half }
  }

  private feature(channel: Channel, value: number, rest: number): number {
    const n = this.values.length
    const { long, rests } = this
    if (channel === 'jump') return value - this.nearest.value
    if (channel === 'value') return n === 0 ? Number.NaN : value - long.value
    if (channel === 'level') return n === 0 ? Number.NaN : this.recently.value - long.value
    if (channel === 'noise') {
      const size = this.step.value + 0.01 * long.spread
      return n === 0 || size === 0 ? Number.NaN : Math.log(size)
    }
    if (channel === 'season') return rest
    if (channel === 'season-shift') return rests === 0 ? Number.NaN : this.restRecently.value
    if (channel === 'drift') return rests < 400 ? Number.NaN : this.restOfDay.value - this.restLong.value
    if (channel === 'pattern') return this.surprise.n === 0 ? Number.NaN : this.surprise.value
    return n < 4 ? Number.NaN : this.spike(value)
  }

  /** How far the last one, two or three stood out between what was before and what is now. */
  private spike(value: number): number {
    const past = this.values.slice(-4).reverse()
    let most = 0
    for (const sign of [1, -1])
      for (let width = 1; width <= 3; width++) {
        const out = Math.min(...past.slice(0, width).map((each) => sign * each))
        most = Math.max(most, out - Math.max(sign * value, sign * past[width]!))
      }
    return most
  }

  private weigh(
    value: number,
    rest: number,
    held: boolean,
  ): Pick<Said, 'score' | 'channel' | 'usually' | 'feature' | 'rarity'> {
    let score = 0
    let best = { rare: -1, channel: '', usually: 0, feature: 0, rarity: 0 }
    for (const channel of channels) {
      const feature = this.feature(channel, value, rest)
      if (Number.isNaN(feature)) continue
      const memory = this.memories.get(channel)!
      const { usual } = memory
      const plain = channel === 'noise' || channel === 'pattern'
      const spread = usual.spread + (plain ? 0.05 : 0.01 * this.long.spread)
      const distance = feature - usual.value
      const size = upward.includes(channel) ? distance : Math.abs(distance)
      const z = size / spread
      const compared = channel === 'season' || channel === 'season-shift' ? size : z
      const counts = usual.n >= 100 && z > (leasts[channel] ?? 2)
      const rare = counts ? Math.max(0, memory.rarity(compared) - 1.4) : 0
      score += rare
      const usually = Math.abs(usual.value) + 3 * spread
      if (usual.n >= 30) memory.peak(compared, held)
      usual.add(feature)
      const rarity = Math.max(1, Math.floor(usual.n / (memory.asLarge(compared) + 1)))
      if (rare > best.rare) best = { rare, channel, usually, feature, rarity }
    }
    return { score, ...best }
  }

  private learn(time: number, value: number, rest: number): void {
    const previous = this.values.at(-1) ?? 0
    if (value > previous) this.rises += 1
    if (value < previous) this.falls += 1
    this.long.add(value)
    this.slow.add(value)
    this.values.push(value)
    if (this.distinct.size < 8) this.distinct.add(value)
    if (!Number.isNaN(rest)) {
      this.restLong.add(rest, this.rests)
      this.rests += 1
      if (this.days === 8) this.firstRests.push(Math.abs(rest))
    }
    const now = Math.floor(time / hour)
    if (this.hourValues.length === 0) this.hourNow = now
    else if (now > this.hourNow) this.closeHour(now)
    this.hourValues.push(value)
    if (this.isWeekNews()) for (const channel of ofSeason) this.memories.set(channel, new Memory(channel))
  }

  private closeHour(now: number): void {
    const slot = this.slotOf(this.hourNow)
    const mean = this.hourValues.reduce((all, each) => all + each, 0) / this.hourValues.length
    for (const each of [this.ofDay[slot % 24]!, this.ofWeek[slot]!]) {
      const most = each.n > 0 && this.rests > 400 ? 4 * this.restLong.spread : Infinity
      each.add(each.value + Math.min(most, Math.max(-most, mean - each.value)))
    }
    const today = Math.floor(now / 24)
    if (today !== this.dayNow) this.days += 1
    this.dayNow = today
    this.hourNow = now
    this.hourValues.length = 0
  }

  /** Once, a day after the first week: what is left is far smaller than what was left of the day alone. */
  private isWeekNews(): boolean {
    if (this.firstRests.length === 0 || this.days !== 9) return false
    const now = (1.25 * this.firstRests.reduce((all, each) => all + each, 0)) / this.firstRests.length
    this.firstRests.length = 0
    return now < 0.6 * this.memories.get('season')!.usual.spread
  }

  private usualAt(slot: number): number {
    if (this.ofWeek[slot]!.n >= 1) return this.ofWeek[slot]!.value
    return this.ofDay[slot % 24]!.n >= 4 ? this.ofDay[slot % 24]!.value : Number.NaN
  }

  private slotOf(hours: number): number {
    return hours % 168
  }

  /** How seldom the step from the bin of the last value to that of this one was seen; 16 bins of equal share. */
  private move(value: number): void {
    const { spread } = this.slow
    const u = spread > 0 ? (value - this.slow.value) / spread : 0
    const share = 1 / (1 + Math.exp(-1.7 * u))
    const to = Math.min(15, Math.floor(share * 16 + 1e-12))
    const from = this.bin
    this.bin = to
    if (from < 0) return
    const seen = this.moves.get(`${from} ${to}`) ?? 0
    const all = this.moves.get(`${from}`) ?? 0
    this.surprise.add(-Math.log((seen / this.weight + 0.5) / (all / this.weight + 0.5 * 16)))
    this.weight *= 2 ** (1 / 2_000)
    this.moves.set(`${from} ${to}`, seen + this.weight)
    this.moves.set(`${from}`, all + this.weight)
  }
}
