import { EnvironmentError } from "../../shared/errors.ts";

/** The operating system's name of an error, such as `ENOENT`, if it has one. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/**
 * Turns an error of the file system below the state directory into one that
 * tells the user what to do; an error of another kind comes back as it is.
 *
 * @param action what failed, such as `create the data disk`
 */
export function stateFileError(
  error: unknown,
  action: string,
  path: string,
): unknown {
  switch (systemErrorCode(error)) {
    case "ENOSPC":
    case "EDQUOT":
      return new EnvironmentError(
        "state-directory-full",
        `Cannot ${action} "${path}": no space left on the device`,
        {
          cause: error,
          hint: "Free some space, or set XDG_STATE_HOME to a larger disk",
        },
      );
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new EnvironmentError(
        "state-directory-unwritable",
        `Cannot ${action} "${path}": permission denied`,
        {
          cause: error,
          hint:
            "Make it yours and writable, or set XDG_STATE_HOME and XDG_RUNTIME_DIR to directories that are",
        },
      );
    case "ENOTDIR":
    case "EEXIST":
      return new EnvironmentError(
        "state-directory-blocked",
        `Cannot ${action} "${path}": a file is in the way`,
        { cause: error, hint: "Move that file away" },
      );
    case "EFBIG":
      return new EnvironmentError(
        "state-directory-unfit",
        `Cannot ${action} "${path}": the file system does not take files of this size`,
        {
          cause: error,
          hint:
            "Set XDG_STATE_HOME to a disk with ext4, XFS or Btrfs, or lift the file size limit",
        },
      );
    default:
      return error;
  }
}
