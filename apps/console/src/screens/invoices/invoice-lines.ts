import { answered, api } from '../../client/client';
import { everyPage } from '../../client/every-page';

/** The lines of an invoice in their order, to the first page that has `most` of them. */
export const linesOf = (id: string, most?: number) =>
  everyPage((query) => answered(api.GET('/api/v1/tenant-invoices/{id}/lines', { params: { path: { id }, query } })), most);
