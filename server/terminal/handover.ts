/** What stands in a command's arguments for the socket on which its terminal is handed over, and for the file with its program's number. */
export const CONSOLE_SOCKET = '{console-socket}'
export const PID_FILE = '{pid-file}'
