/** Imported first: picocolors enables colours when it is loaded. */
process.env['NO_COLOR'] = '1';
