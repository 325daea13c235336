import { Injectable, type PipeTransform } from '@nestjs/common';
import { isUuid, ValidationFailedError } from '#libs/kernel';

/** Ids are UUIDs. Any other text is refused before it reaches a statement. */
@Injectable()
export class UuidPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    const id = value.toLowerCase();
    if (!isUuid(id)) throw new ValidationFailedError([{ field: 'id', message: 'id must be a UUID' }]);
    return id;
  }
}
