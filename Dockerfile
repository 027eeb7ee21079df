# One image for all of Crema: the command says which part runs. `node api/main.ts` is the default, `node worker/main.ts`
# the worker; `node db/migrate.ts`, `node db/seed.ts` and `node worker/prepare-namespace.ts` prepare the rest.
# Not Alpine: Temporal's native core needs glibc.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# .npmrc lets no package's install script run. package.json's optional packages are a Node for developers, and the image
# has its own; --omit=optional would drop the native halves of argon2 and swc too, so they are removed by name.
# Temporal's core comes for five platforms: one is ours.
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev \
    && cd node_modules \
    && rm -rf .bin/node $(node -p 'Object.keys(require("../package.json").optionalDependencies).join(" ")') \
    && cd @temporalio/core-bridge \
    && find releases -mindepth 1 -maxdepth 1 ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} + \
    && rm -r sdk-core

FROM packages AS bundle
COPY . .
RUN npm run build

FROM ${NODE_IMAGE}
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
# The modes make the files readable for `node` whatever the umask of the checkout was.
COPY --chmod=755 . .
COPY --from=bundle /app/.build .build
# Whoever runs the image says where Postgres, Temporal and Redis are: production has no defaults.
ENV NODE_ENV=production \
    WORKFLOW_BUNDLE=/app/.build/workflow-bundle.js
USER node
EXPOSE 5000
CMD ["node", "api/main.ts"]
