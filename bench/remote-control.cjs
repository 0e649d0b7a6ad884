// Loaded into the window's process by `electron -r`: a benchmark does what a person would do, without a debugger. A
// debugger would cost time and keep a hidden page awake.
const { BrowserWindow } = require('electron');

process.on('message', async ({ script, method }) => {
  const [window] = BrowserWindow.getAllWindows();
  const value = script ? await window?.webContents.executeJavaScript(script).catch(String) : window?.[method]();
  process.send({ value: script ? value : null });
});
