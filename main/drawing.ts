import { app } from 'electron';

/**
 * Lets Chromium draw with the processor alone. A monitor must not load the card that it watches, nor keep it awake: with
 * `--disable-gpu` alone Chromium still starts its software OpenGL, which uses Vulkan, and Vulkan's loader opens
 * every driver that is installed. Nothing here needs OpenGL.
 * Call before the application is ready.
 */
export function keepOffTheGpu(): void {
  app.disableHardwareAcceleration();
  app.commandLine.appendSwitch('disable-gpu');
  app.commandLine.appendSwitch('disable-software-rasterizer');
}
