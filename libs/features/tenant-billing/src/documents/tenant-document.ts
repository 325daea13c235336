export * from '../pricing/tenant-document';
