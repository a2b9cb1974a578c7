import { fileURLToPath } from 'node:url';

/** The folder of the Vagrantfile. */
export const vagrantDir = fileURLToPath(new URL('../../vagrant', import.meta.url));
export const inventories = fileURLToPath(new URL('../../inventories', import.meta.url));
