import { app } from 'electron';

/**
 * Lets Chromium draw with the processor alone. A monitor must not load the card that it watches, nor keep it awake: even
 * `--disable-gpu` leaves Vulkan's loader asking each driver for its devices, which opens the card.
 * Call before the application is ready: Chromium's processes inherit the environment.
 */
export function keepOffTheGpu(): void {
  app.disableHardwareAcceleration();
  app.commandLine.appendSwitch('disable-gpu');
  // glob over the manifest files of Vulkan drivers (LoaderInterfaceArchitecture.md of the Vulkan loader, 1.3.234)
  process.env['VK_LOADER_DRIVERS_DISABLE'] ??= '*nvidia*';
}
