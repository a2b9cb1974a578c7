import { userInfo } from 'node:os';

/** The login name of the user who runs kboot; undefined for a user whom the system does not know, as in a container. */
export function loginName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
