import styles from './note.module.css'

const widths = [38, 52, 42, 54, 34, 47, 40, 50]

/** The shape of rows that are on their way. It shows after 400 ms, so that a fast answer does not flicker. */
export function Skeleton({ rows = 8 }: { readonly rows?: number }) {
  return (
    <div className={styles.skeleton} role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are shapes and never move
        <div key={row} className={styles.bar}>
          <i />
          <i style={{ width: `${widths[row % widths.length]}%` }} />
          <i />
        </div>
      ))}
    </div>
  )
}
