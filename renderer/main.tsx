import './theme/theme.css'
import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { connect } from './api.ts'
import { Frame } from './frame/frame.tsx'
import { listenToKeys } from './keys.ts'
import { startTheme } from './theme/theme.ts'
import { CoreProvider, createCache } from './use-core.ts'

const core = connect()
startTheme()
listenToKeys()

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <CoreProvider value={core}>
      <QueryClientProvider client={createCache(core)}>
        <Frame />
      </QueryClientProvider>
    </CoreProvider>
  </StrictMode>,
)
