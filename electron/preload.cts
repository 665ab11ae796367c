// A sandboxed preload is one CommonJS file that may load electron and little else. It exposes nothing:
// it asks for a port to the core when the page can take it, and hands it to that page and no other origin.
const { ipcRenderer } = require('electron') as typeof import('electron')

ipcRenderer.on('port', ({ ports }) => window.postMessage('port', location.origin, ports))
addEventListener('DOMContentLoaded', () => ipcRenderer.send('port')) // after the page's modules have run: it listens by then
