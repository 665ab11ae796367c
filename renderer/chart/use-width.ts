import { type RefObject, useLayoutEffect, useState } from 'react'

/** The width of an element in pixels; 0 until it is laid out. */
export function useWidth(element: RefObject<Element | null>): number {
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => {
    const sized = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)))
    if (element.current !== null) sized.observe(element.current)
    return () => sized.disconnect()
  }, [element])
  return width
}
