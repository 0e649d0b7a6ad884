import { escapeXml } from './xml.ts';
import type { ServiceProgram } from './program.ts';

/** Name of the job, and of its file in ~/Library/LaunchAgents. */
export const LAUNCHD_LABEL = 'org.slowburn.recorder';

const text = (value: string): string => `<string>${escapeXml(value)}</string>`;

/**
 * A launchd agent (launchd.plist(5)): starts at login, and again after a failure. No Mac has run it: Slowburn's
 * sources need an NVIDIA driver, which current versions of macOS do not have.
 */
export const launchdAgent = ({
  command,
  environment,
}: ServiceProgram): string => `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  ${text(LAUNCHD_LABEL)}
  <key>ProgramArguments</key>
  <array>
${command.map((word) => `    ${text(word)}\n`).join('')}  </array>
  <key>EnvironmentVariables</key>
  <dict>
${Object.entries(environment)
  .map(([name, value]) => `    <key>${escapeXml(name)}</key>\n    ${text(value)}\n`)
  .join('')}  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ThrottleInterval</key>
  <integer>30</integer>
  <key>ProcessType</key>
  <string>Background</string>
</dict>
</plist>
`;
