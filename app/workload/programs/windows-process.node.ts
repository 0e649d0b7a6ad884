import { addressOf, openLibrary } from '../../telemetry/native-library.node.ts';

// processthreadsapi.h and winternl.h of the Windows SDK; sizes and offsets are those of 64-bit Windows.
const PROCESS_QUERY_LIMITED_INFORMATION = 0x1000;
const PROCESS_BASIC_INFORMATION = { class: 0, size: 48, parentAt: 40 } as const;
/** since Windows 8.1: a UNICODE_STRING, followed by its text */
const PROCESS_COMMAND_LINE = { class: 60, lengthAt: 0, addressAt: 8, size: 1 << 17 } as const;
const FILETIME_SIZE = 8;

/** What Windows reports about a process. */
export type WindowsProcess = {
  /** PID of the process that started it; that process may have ended, and its PID may be reused */
  readonly parent: number;
  /** units of 100 ns since 1601, as text: it differs for two processes that had the same PID */
  readonly startedAt: string;
  /** undefined: not readable, as for a process of another user */
  readonly commandLine: string | undefined;
};

export type WindowsProcesses = { readonly of: (pid: number) => WindowsProcess | undefined };

/**
 * Opens the functions of Windows that describe processes. Undefined on other systems.
 * @param kernel library with OpenProcess, GetProcessTimes and CloseHandle
 * @param native library with NtQueryInformationProcess
 */
export function openWindowsProcesses(kernel = 'kernel32.dll', native = 'ntdll.dll'): WindowsProcesses | undefined {
  let libraries: { kernel: ReturnType<typeof openLibrary>; native: ReturnType<typeof openLibrary> };
  try {
    libraries = { kernel: openLibrary(kernel), native: openLibrary(native) };
  } catch {
    return undefined; // not Windows
  }
  const open = libraries.kernel.bind('OpenProcess', ['uint', 'uint', 'uint']);
  const times = libraries.kernel.bind('GetProcessTimes', ['device', 'out', 'out', 'out', 'out']);
  const close = libraries.kernel.bind('CloseHandle', ['device']);
  const query = libraries.native.bind('NtQueryInformationProcess', ['device', 'uint', 'out', 'uint', 'out']);
  if (!open || !times || !close || !query) return undefined;

  const basic = new DataView(new ArrayBuffer(PROCESS_BASIC_INFORMATION.size));
  const command = new DataView(new ArrayBuffer(PROCESS_COMMAND_LINE.size));
  const stamps = new DataView(new ArrayBuffer(4 * FILETIME_SIZE));
  const length = new ArrayBuffer(4);

  function commandLineOf(handle: number): string | undefined {
    const { class: kind, size, lengthAt, addressAt } = PROCESS_COMMAND_LINE;
    if (query!(handle, kind, command.buffer, size, length) !== 0) return undefined;
    const at = Number(command.getBigUint64(addressAt, true) - addressOf(command.buffer));
    const bytes = command.getUint16(lengthAt, true);
    if (at < 0 || at + bytes > size) return undefined;
    return Buffer.from(command.buffer, at, bytes).toString('utf16le');
  }

  return {
    of(pid) {
      const handle = open(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid);
      if (handle === 0) return undefined; // it has ended, or may not be opened
      try {
        const { class: kind, size, parentAt } = PROCESS_BASIC_INFORMATION;
        if (query(handle, kind, basic.buffer, size, length) !== 0) return undefined;
        const [created, ...others] = [0, 1, 2, 3].map((i) => new Uint8Array(stamps.buffer, i * FILETIME_SIZE));
        if (times(handle, created!, ...others) === 0) return undefined;
        return {
          parent: Number(basic.getBigUint64(parentAt, true)),
          startedAt: stamps.getBigUint64(0, true).toString(),
          commandLine: commandLineOf(handle),
        };
      } finally {
        close(handle);
      }
    },
  };
}
