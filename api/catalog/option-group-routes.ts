import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { OptionGroupRepository } from '../../db/option-groups.ts';
import {
  addOption,
  changeOption,
  changeOptionGroup,
  deleteOption,
  deleteOptionGroup,
  type OptionGroup,
  restoreOption,
  restoreOptionGroup,
} from '../../domain/catalog/option-group.ts';
import { milkId, oatId } from '../docs/examples.ts';
import { etagOf, matchesIfNoneMatch } from '../http/entity-tags.ts';
import { Problem } from '../http/problem.ts';
import { callerOf, linksTo, type Route, type RouteResponse, route } from '../http/route.ts';
import { id, ifMatch, ifNoneMatch } from '../http/schemas.ts';
import { AVAILABILITY, changingItems, checkFields } from './availability.ts';
import { orProblem, showOptionGroup } from './resources.ts';
import { type CatalogInput, optionGroup, optionGroupList } from './schemas.ts';
import type { CatalogResult, CatalogService, Command } from './service.ts';

interface Dependencies {
  optionGroups: OptionGroupRepository;
  catalogService: CatalogService;
  currency: string;
  input: CatalogInput;
}

// This is an `example`, because Swagger UI does not fill in a list of `examples`. Every seeded shop has the group Milk.
const params = z.object({ id: id.meta({ example: milkId }) });
const query = z.strictObject({
  include: z
    .literal('deleted')
    .optional()
    .meta({ description: '`deleted`: include deleted option groups and options' }),
});
const ETag = 'The version of the option group and its options, for `If-Match`';
const links = linksTo(
  { id: '$response.body#/id' },
  'getOptionGroup',
  'changeOptionGroup',
  'addOption',
  'deleteOptionGroup',
);
const linksOfOption = (optionId: string) =>
  linksTo({ id: '$response.body#/id', optionId }, 'changeOption', 'deleteOption', 'restoreOption');
const changed = { description: 'The changed option group', body: optionGroup, headers: { ETag }, links };

const shared = { tag: 'Option groups', access: { to: ['manager'], scope: 'catalog:write' } } as const;
const onGroup = {
  ...shared,
  params,
  headers: z.object({ 'if-match': ifMatch }),
  responses: { 200: changed },
  problems: ['not_found', 'name_taken', 'version_mismatch'],
} as const;
const onOption = {
  ...onGroup,
  params: params.extend({ optionId: id.meta({ example: oatId }) }),
  responses: { 200: { ...changed, links: { ...links, ...linksOfOption('$request.path.optionId') } } },
} as const;

/** The option groups of the catalog, which products share. Deleted option groups and options can be restored. */
export function optionGroupRoutes(dependencies: Dependencies): Route[] {
  return [...readingAndCreating(dependencies), ...changingGroups(dependencies), ...changingOptions(dependencies)];
}

const readingAndCreating = ({ optionGroups, catalogService, currency, input }: Dependencies): Route[] => [
  route({
    ...shared,
    method: 'get',
    path: '/v1/option-groups',
    operationId: 'listOptionGroups',
    summary: 'List option groups',
    query,
    responses: { 200: { description: 'All option groups, by position', body: optionGroupList } },
    handle: async ({ query }) => {
      const includeDeleted = query.include === 'deleted';
      const data = (await optionGroups.list({ includeDeleted })).map(
        (each) => showOptionGroup(each, includeDeleted).body,
      );
      return { status: 200, body: { data } };
    },
  }),
  route({
    ...shared,
    method: 'post',
    path: '/v1/option-groups',
    operationId: 'createOptionGroup',
    summary: 'Create an option group',
    body: input.optionGroupRequest,
    responses: {
      201: {
        ...changed,
        description: 'The new option group',
        headers: { ETag, Location: 'The path of the option group' },
      },
    },
    problems: ['name_taken'],
    handle: async ({ body }) => {
      const created = orProblem(await catalogService.createOptionGroup(randomUUID(), { ...body, currency }));
      const { headers, ...rest } = answer(created);
      return { ...rest, status: 201, headers: { ...headers, location: `/v1/option-groups/${created.id}` } };
    },
  }),
  route({
    ...shared,
    method: 'get',
    path: '/v1/option-groups/{id}',
    operationId: 'getOptionGroup',
    summary: 'Get an option group',
    params,
    query,
    headers: z.object({ 'if-none-match': ifNoneMatch }),
    responses: {
      200: { description: 'The option group', body: optionGroup, headers: { ETag } },
      304: { description: 'Not modified', headers: { ETag } },
    },
    problems: ['not_found'],
    handle: async ({ params, query, headers }) => {
      const includeDeleted = query.include === 'deleted';
      const found = await optionGroups.find(params.id);
      if (!found || (found.deletedAt && !includeDeleted)) throw new Problem('not_found');
      const etag = etagOf(found);
      const { body, changedByTime } = showOptionGroup(found, includeDeleted);
      // A 304 would hide the change.
      if (!changedByTime && matchesIfNoneMatch(headers['if-none-match'], etag))
        return { status: 304, headers: { etag } };
      return { status: 200, headers: { etag }, body };
    },
  }),
];

const changingGroups = ({ catalogService, input }: Dependencies): Route[] => [
  route({
    ...onGroup,
    method: 'patch',
    path: '/v1/option-groups/{id}',
    operationId: 'changeOptionGroup',
    summary: 'Change an option group',
    body: input.optionGroupChange,
    handle: async ({ params: { id }, headers, body }) => {
      const change: Command<OptionGroup> = (group, now) => changeOptionGroup(group, body, now);
      return answer(await catalogService.changeOptionGroup(id, headers['if-match'], change));
    },
  }),
  route({
    ...onGroup,
    method: 'delete',
    path: '/v1/option-groups/{id}',
    operationId: 'deleteOptionGroup',
    summary: 'Delete an option group and its options',
    description: 'Products lose the group until it is restored. Existing orders do not change.',
    responses: { 204: { description: 'Deleted', links: linksTo({ id: '$request.path.id' }, 'restoreOptionGroup') } },
    problems: ['not_found', 'version_mismatch'],
    handle: async ({ params: { id }, headers }) => {
      orProblem(await catalogService.changeOptionGroup(id, headers['if-match'], deleteOptionGroup));
      return { status: 204 };
    },
  }),
  route({
    ...onGroup,
    method: 'post',
    path: '/v1/option-groups/{id}/restore',
    operationId: 'restoreOptionGroup',
    summary: 'Restore a deleted option group',
    handle: async ({ params: { id }, headers }) =>
      answer(await catalogService.changeOptionGroup(id, headers['if-match'], restoreOptionGroup)),
  }),
];

const changingOptions = ({ catalogService, input }: Dependencies): Route[] => [
  route({
    ...onGroup,
    method: 'post',
    path: '/v1/option-groups/{id}/options',
    operationId: 'addOption',
    summary: 'Add an option to an option group',
    body: input.optionRequest,
    responses: {
      201: {
        ...changed,
        description: 'The option group with its new option',
        links: { ...links, ...linksOfOption('$response.body#/options/0/id') },
      },
    },
    handle: async ({ params: { id }, headers, body }) => {
      const add: Command<OptionGroup> = (group, now) => addOption(group, randomUUID(), body, now);
      return { ...answer(await catalogService.changeOptionGroup(id, headers['if-match'], add)), status: 201 };
    },
  }),
  route({
    ...onOption,
    method: 'patch',
    path: '/v1/option-groups/{id}/options/{optionId}',
    operationId: 'changeOption',
    summary: 'Change an option',
    description: AVAILABILITY,
    access: changingItems,
    body: input.optionChange,
    handle: async ({ params: { id, optionId }, headers, body, ...request }) => {
      checkFields(callerOf(request), body);
      const change: Command<OptionGroup> = (group, now) => changeOption(group, optionId, body, now);
      return answer(await catalogService.changeOptionGroup(id, headers['if-match'], change));
    },
  }),
  route({
    ...onOption,
    method: 'delete',
    path: '/v1/option-groups/{id}/options/{optionId}',
    operationId: 'deleteOption',
    summary: 'Delete an option',
    problems: ['not_found', 'version_mismatch'],
    handle: async ({ params: { id, optionId }, headers }) => {
      const remove: Command<OptionGroup> = (group, now) => deleteOption(group, optionId, now);
      return answer(await catalogService.changeOptionGroup(id, headers['if-match'], remove));
    },
  }),
  route({
    ...onOption,
    method: 'post',
    path: '/v1/option-groups/{id}/options/{optionId}/restore',
    operationId: 'restoreOption',
    summary: 'Restore a deleted option',
    handle: async ({ params: { id, optionId }, headers }) => {
      const restore: Command<OptionGroup> = (group, now) => restoreOption(group, optionId, now);
      return answer(await catalogService.changeOptionGroup(id, headers['if-match'], restore));
    },
  }),
];

function answer(result: CatalogResult<OptionGroup>): RouteResponse {
  const group = orProblem(result);
  return { status: 200, headers: { etag: etagOf(group) }, body: showOptionGroup(group).body };
}
