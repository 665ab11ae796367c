/** A count as it stands in a sentence: 129629 becomes "129,629". */
export function thousands(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',')
}
