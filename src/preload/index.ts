// The bridge, in the window's isolated world: a port to the backend and the paths of dropped files. Nothing else.
import { contextBridge, ipcRenderer, webUtils } from 'electron';

// A port can reach the page only by a message of the window itself.
ipcRenderer.on('graft:port', (event) =>
  window.postMessage('graft:port', window.location.origin, event.ports),
);
ipcRenderer.on('graft:lost', () => window.postMessage('graft:lost', window.location.origin));

contextBridge.executeInMainWorld({
  func: (ask: () => void, pathForFile: (file: File) => string) => {
    let current: MessagePort | undefined;
    const waiting: ((port: MessagePort) => void)[] = [];
    window.addEventListener('message', ({ source, data, ports }) => {
      if (source !== window) return;
      // The page learns of a lost backend as of any closed port.
      if (data === 'graft:lost') current?.dispatchEvent(new Event('close'));
      if (data !== 'graft:port' || !ports[0]) return;
      current = ports[0];
      waiting.shift()?.(current);
    });
    const port = () =>
      new Promise<MessagePort>((resolve) => {
        waiting.push(resolve);
        ask();
      });
    Object.defineProperty(window, 'graft', { value: Object.freeze({ port, pathForFile }) });
  },
  args: [() => ipcRenderer.send('graft:port'), (file: File) => webUtils.getPathForFile(file)],
});
