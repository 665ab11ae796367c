import { Component, type ReactNode } from 'react'
import { Button } from '../parts/button.tsx'
import { Empty } from '../parts/empty.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { sentence } from '../words/sentence.ts'

interface PageBoundaryProps {
  /** Where the reader is; another place is tried anew. */
  readonly place: string
  readonly children: ReactNode
}

/** A page that cannot be drawn takes only itself away: the frame stays, and every other page opens. */
export class PageBoundary extends Component<PageBoundaryProps, { readonly error: Error | null }> {
  override state = { error: null as Error | null }

  static getDerivedStateFromError(error: Error) {
    return { error }
  }

  override componentDidUpdate({ place }: PageBoundaryProps) {
    if (this.state.error !== null && place !== this.props.place) this.setState({ error: null })
  }

  override render() {
    const { error } = this.state
    if (error === null) return this.props.children
    return (
      <>
        <PageHead title="This page cannot be shown" />
        <Empty icon="info" title={sentence(error.message)} actions={<Button onClick={reload}>Load it again</Button>}>
          Capture goes on, and the other pages open. If it comes again, what stands above says why.
        </Empty>
      </>
    )
  }
}

function reload(): void {
  location.reload()
}
