/** Imported first: picocolors decides about colours when it is loaded. */
process.env['NO_COLOR'] = '1';
