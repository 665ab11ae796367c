/** What node:zlib's own synchronous calls are made of; private names, so it is looked whether they are there. */
export interface Handle {
  readonly _handle: {
    writeSync(
      flush: number,
      from: Uint8Array,
      fromAt: number,
      fromSize: number,
      to: Uint8Array,
      toAt: number,
      toSize: number,
    ): void
  }
  /** Bytes that are left of the output, and of the input. */
  readonly _writeState: Uint32Array
}

export function isHandle(of: object): of is Handle {
  const { _handle, _writeState } = of as Partial<Handle>
  return typeof _handle?.writeSync === 'function' && _writeState instanceof Uint32Array
}
