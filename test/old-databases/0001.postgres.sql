
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.atl_deliveries (
    delivery_id text NOT NULL COLLATE pg_catalog."C",
    app_key text NOT NULL COLLATE pg_catalog."C",
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    event text NOT NULL COLLATE pg_catalog."C",
    identifier text COLLATE pg_catalog."C",
    dedupe_key text COLLATE pg_catalog."C",
    payload text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C",
    attempts bigint NOT NULL,
    received_at_ms bigint NOT NULL,
    due_at_ms bigint NOT NULL,
    lease_until_ms bigint NOT NULL,
    settled_at_ms bigint
);
CREATE TABLE public.atl_installations (
    id text NOT NULL COLLATE pg_catalog."C",
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    "position" bigint NOT NULL,
    platform text NOT NULL COLLATE pg_catalog."C",
    installation_id text NOT NULL COLLATE pg_catalog."C",
    environment_id text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C",
    enabled bigint NOT NULL,
    installed_at_ms bigint NOT NULL,
    ended_at_ms bigint
);
CREATE TABLE public.atl_migrations (
    name text NOT NULL COLLATE pg_catalog."C",
    executed_at_ms bigint NOT NULL
);
CREATE TABLE public.atl_tenants (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    app_key text NOT NULL COLLATE pg_catalog."C",
    client_key text NOT NULL COLLATE pg_catalog."C",
    cloud_id text COLLATE pg_catalog."C",
    product text NOT NULL COLLATE pg_catalog."C",
    base_url text NOT NULL COLLATE pg_catalog."C",
    display_url text COLLATE pg_catalog."C",
    display_url_servicedesk_help_center text COLLATE pg_catalog."C",
    oauth_client_id text COLLATE pg_catalog."C",
    entitlement_id text COLLATE pg_catalog."C",
    entitlement_number text COLLATE pg_catalog."C",
    shared_secret text NOT NULL COLLATE pg_catalog."C",
    previous_secret text COLLATE pg_catalog."C",
    previous_secret_retired_at_ms bigint,
    secret_version bigint NOT NULL,
    last_install_iat_seconds bigint NOT NULL,
    install_tokens text NOT NULL COLLATE pg_catalog."C",
    possibly_superseded_by text COLLATE pg_catalog."C",
    adopted_by text COLLATE pg_catalog."C",
    status text NOT NULL COLLATE pg_catalog."C",
    created_at_ms bigint NOT NULL,
    updated_at_ms bigint NOT NULL,
    version bigint NOT NULL
);
CREATE TABLE public.checklist_items (
    id text NOT NULL,
    tenant_id text NOT NULL,
    subject text NOT NULL,
    place text NOT NULL,
    label text NOT NULL,
    title text NOT NULL,
    text text NOT NULL,
    done integer NOT NULL,
    "position" integer NOT NULL
);
CREATE TABLE public.checklist_migrations (
    name character varying(255) NOT NULL,
    "timestamp" character varying(255) NOT NULL
);
CREATE TABLE public.checklist_migrations_lock (
    id character varying(255) NOT NULL,
    is_locked integer DEFAULT 0 NOT NULL
);
INSERT INTO public.atl_deliveries VALUES ('3bc9873d-6bec-42e9-ab28-0b2055d4686a', 'checklist-example', '66d9a9c2-3eee-457a-af78-422e0f98b6f9', 'lifecycle', 'installed', NULL, NULL, '{"change":"first-install"}', 'done', 1, 1795243906681, 1795243906681, 1795243946686, 1795243906689);
INSERT INTO public.atl_deliveries VALUES ('bc5b5313-a0e3-43b4-bbce-49c21c23f995', 'checklist-example', '29986796-b31b-4042-bf38-19eb88735491', 'lifecycle', 'installed', NULL, NULL, '{"change":"first-install"}', 'done', 1, 1795243906901, 1795243906901, 1795243946905, 1795243906908);
INSERT INTO public.atl_deliveries VALUES ('89bab4d1-3763-405b-bb64-0bf7cf44496d', 'checklist-example', '7a4bd563-398b-41f2-a0ab-f1180ee5a313', 'lifecycle', 'installed', NULL, NULL, '{"change":"first-install"}', 'done', 1, 1795243906693, 1795243906693, 1795243946697, 1795243906701);
INSERT INTO public.atl_deliveries VALUES ('091e8b98-26f0-4d15-9ffd-707c4d8f794a', 'checklist-example', '66d9a9c2-3eee-457a-af78-422e0f98b6f9', 'lifecycle', 'installed', NULL, NULL, '{"change":"rotation"}', 'done', 1, 1795243906726, 1795243906726, 1795243946728, 1795243906732);
INSERT INTO public.atl_deliveries VALUES ('e9ad08f7-3df4-43c6-a8c9-95a5245930e9', 'checklist-example', '66d9a9c2-3eee-457a-af78-422e0f98b6f9', 'webhook', 'jira:issue_updated', '431e836b-5289-43f5-b0d4-b893a6cb4c95', '431e836b-5289-43f5-b0d4-b893a6cb4c95', '{"retry":0,"flow":"Primary","accountId":"557058:ada-0001","params":{},"query":{},"body":{"timestamp":1795243906728,"webhookEvent":"jira:issue_updated","issue_event_type_name":"issue_generic","user":{"self":"http://127.0.0.1:41201/rest/api/2/user?accountId=557058%3Aada-0001","accountId":"557058:ada-0001","accountType":"atlassian","displayName":"Ada","active":true,"timeZone":"Etc/UTC","locale":"en_GB","avatarUrls":{}},"issue":{"id":"10001","self":"http://127.0.0.1:41201/rest/api/2/issue/10001","key":"TEA-1","fields":{"summary":"Serve the first flush before noon","description":"Guests ask for the spring harvest. The kettle has to be ready when they come.","issuetype":{"self":"http://127.0.0.1:41201/rest/api/2/issuetype/10001","id":"10001","name":"Story"},"status":{"self":"http://127.0.0.1:41201/rest/api/2/status/10002","id":"10002","name":"In Progress"},"project":{"self":"http://127.0.0.1:41201/rest/api/2/project/10000","id":"10000","key":"TEA","name":"Tea house","projectTypeKey":"software","simplified":false,"avatarUrls":{}},"assignee":{"self":"http://127.0.0.1:41201/rest/api/2/user?accountId=557058%3Abo-0002","accountId":"557058:bo-0002","accountType":"atlassian","displayName":"Bo","active":true,"timeZone":"Etc/UTC","locale":"en_GB","avatarUrls":{}},"reporter":{"self":"http://127.0.0.1:41201/rest/api/2/user?accountId=557058%3Aada-0001","accountId":"557058:ada-0001","accountType":"atlassian","displayName":"Ada","active":true,"timeZone":"Etc/UTC","locale":"en_GB","avatarUrls":{}},"creator":{"self":"http://127.0.0.1:41201/rest/api/2/user?accountId=557058%3Aada-0001","accountId":"557058:ada-0001","accountType":"atlassian","displayName":"Ada","active":true,"timeZone":"Etc/UTC","locale":"en_GB","avatarUrls":{}},"created":"2026-11-20T20:51:46.622+0000","updated":"2026-11-20T20:51:46.622+0000","labels":[],"comment":{"comments":[{"self":"http://127.0.0.1:41201/rest/api/2/issue/10001/comment/10100","id":"10100","author":{"self":"http://127.0.0.1:41201/rest/api/2/user?accountId=557058%3Acleo-0003","accountId":"557058:cleo-0003","accountType":"atlassian","displayName":"Cleo","active":true,"timeZone":"Etc/UTC","locale":"en_GB","avatarUrls":{}},"body":"The water is on.","updateAuthor":{"self":"http://127.0.0.1:41201/rest/api/2/user?accountId=557058%3Acleo-0003","accountId":"557058:cleo-0003","accountType":"atlassian","displayName":"Cleo","active":true,"timeZone":"Etc/UTC","locale":"en_GB","avatarUrls":{}},"created":"2026-11-21T06:21:46.622+0000","updated":"2026-11-21T06:21:46.622+0000","jsdPublic":true}],"maxResults":1,"total":1,"startAt":0}}},"changelog":{"id":"6728","items":[{"field":"summary","fieldtype":"jira","fieldId":"summary","from":null,"fromString":"Before","to":null,"toString":"After"}]}}}', 'done', 1, 1795243906729, 1795243906729, 1795243946731, 1795243906741);
INSERT INTO public.atl_deliveries VALUES ('29e2d012-c900-4cd3-97c9-cab3137f54cf', 'checklist-example', '29986796-b31b-4042-bf38-19eb88735491', 'lifecycle', 'disabled', NULL, NULL, '{"change":"disabled"}', 'done', 1, 1795243906917, 1795243906917, 1795243946919, 1795243906921);
INSERT INTO public.atl_deliveries VALUES ('94dfb560-b03c-4147-954f-34732e8464ae', 'checklist-example', '7a4bd563-398b-41f2-a0ab-f1180ee5a313', 'lifecycle', 'disabled', NULL, NULL, '{"change":"disabled"}', 'done', 1, 1795243906740, 1795243906740, 1795243946743, 1795243906745);
INSERT INTO public.atl_deliveries VALUES ('da934478-9e7c-4f8a-b9a7-2c62f07e15e5', 'checklist-example', '3edd1e03-6906-4866-80ce-7d95d4830fd5', 'lifecycle', 'installed', NULL, NULL, '{"change":"first-install"}', 'done', 1, 1795243906890, 1795243906890, 1795243946895, 1795243906897);
INSERT INTO public.atl_deliveries VALUES ('0069efd0-067b-4181-be6b-6be2698d764c', 'checklist-example', '29986796-b31b-4042-bf38-19eb88735491', 'lifecycle', 'uninstalled', NULL, NULL, '{"change":"uninstalled"}', 'done', 1, 1795243906922, 1795243906922, 1795243946925, 1795243906926);
INSERT INTO public.atl_deliveries VALUES ('delivery-waiting', 'checklist-example', 'bcac8364-34ad-45d8-9cf0-dbde5e40997d', 'webhook', 'jira:issue_updated', 'waiting', 'waiting', '{"of":"waiting"}', 'pending', 0, 1700000000000, 1, 0, NULL);
INSERT INTO public.atl_deliveries VALUES ('delivery-claimed', 'checklist-example', 'bcac8364-34ad-45d8-9cf0-dbde5e40997d', 'webhook', 'jira:issue_updated', 'claimed', 'claimed', '{"of":"claimed"}', 'pending', 1, 1700000000000, 1, 1795243907943, NULL);
INSERT INTO public.atl_deliveries VALUES ('delivery-done', 'checklist-example', 'bcac8364-34ad-45d8-9cf0-dbde5e40997d', 'webhook', 'jira:issue_updated', 'done', 'done', '{"of":"done"}', 'done', 1, 1700000000000, 1, 1795243907944, 1795243906945);
INSERT INTO public.atl_deliveries VALUES ('delivery-failed', 'checklist-example', 'bcac8364-34ad-45d8-9cf0-dbde5e40997d', 'webhook', 'jira:issue_updated', 'failed', NULL, '{"of":"failed"}', 'failed', 1, 1700000000000, 1, 1795243907945, 1795243906945);
INSERT INTO public.atl_installations VALUES ('5aaa094d-2f17-4230-9951-b0b079d7776a', '3edd1e03-6906-4866-80ce-7d95d4830fd5', 0, 'connect', 'connect:3edd1e03-6906-4866-80ce-7d95d4830fd5', '', 'installed', 1, 1795243906890, NULL);
INSERT INTO public.atl_installations VALUES ('ced7f899-0acc-414a-a97c-acb1a83bdaf0', '66d9a9c2-3eee-457a-af78-422e0f98b6f9', 0, 'connect', 'connect:66d9a9c2-3eee-457a-af78-422e0f98b6f9', '', 'installed', 1, 1795243906681, NULL);
INSERT INTO public.atl_installations VALUES ('068b3026-4ee3-4cc7-a538-66682e5a46c2', '7a4bd563-398b-41f2-a0ab-f1180ee5a313', 0, 'connect', 'connect:7a4bd563-398b-41f2-a0ab-f1180ee5a313', '', 'installed', 0, 1795243906693, NULL);
INSERT INTO public.atl_installations VALUES ('f3d4a352-7778-4eef-a042-dc581eb22a92', '29986796-b31b-4042-bf38-19eb88735491', 0, 'connect', 'connect:29986796-b31b-4042-bf38-19eb88735491', '', 'uninstalled', 0, 1795243906901, 1795243906922);
INSERT INTO public.atl_installations VALUES ('200b19ab-82d7-4be4-a797-db8d4aa6b501', 'bcac8364-34ad-45d8-9cf0-dbde5e40997d', 0, 'connect', 'connect:bcac8364-34ad-45d8-9cf0-dbde5e40997d', '', 'installed', 1, 1700000000000, NULL);
INSERT INTO public.atl_installations VALUES ('f7a9086f-924f-4754-b970-946a07ee46cf', 'bcac8364-34ad-45d8-9cf0-dbde5e40997d', 1, 'forge', 'ari:one', 'env', 'installed', 1, 1700000000000, NULL);
INSERT INTO public.atl_installations VALUES ('1e996d0c-a774-4a95-bd66-0b776d0da863', '8f284472-a304-4ee0-a362-529866cb0776', 0, 'connect', 'connect:8f284472-a304-4ee0-a362-529866cb0776', '', 'installed', 1, 1700000000000, NULL);
INSERT INTO public.atl_installations VALUES ('53238d0f-4baf-4ee5-9038-641297e51aab', 'bfe18450-2b08-4c3b-b84a-8a82c32558ca', 0, 'connect', 'connect:bfe18450-2b08-4c3b-b84a-8a82c32558ca', '', 'installed', 1, 1700000000000, NULL);
INSERT INTO public.atl_installations VALUES ('9009a1e1-f8ac-4943-aa85-a88e02a90423', 'b3d7efff-4a1f-4f00-8028-e46257642252', 0, 'connect', 'connect:b3d7efff-4a1f-4f00-8028-e46257642252', '', 'installed', 1, 1700000000000, NULL);
INSERT INTO public.atl_migrations VALUES ('0001-tenants', 1795243906597);
INSERT INTO public.atl_tenants VALUES ('bfe18450-2b08-4c3b-b84a-8a82c32558ca', 'checklist-example', 'client-bfe18450-2b08-4c3b-b84a-8a82c32558ca', 'cloud-bfe18450-2b08-4c3b-b84a-8a82c32558ca', 'jira', 'https://bfe18450-2b08-4c3b-b84a-8a82c32558ca.atlassian.net', 'https://jira.example.com', 'https://help.example.com', 'oauth-client', 'entitlement', 'E-123-456', 'ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss', NULL, 1700000001000, 2, 1700000000, '[{"token":"3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0","body":"3472ac77a92df183fbc3a2b03ad1690a59d59a16dedf1a5edbfc4af4733417ec","expSeconds":1700000180}]', 'another-tenant', NULL, 'installed', 1700000000000, 1700000002000, 1);
INSERT INTO public.atl_tenants VALUES ('26b7556f-bb89-4e0c-9781-0f7c3a524e5a', 'checklist-example', 'client-26b7556f-bb89-4e0c-9781-0f7c3a524e5a', NULL, 'jira', 'https://26b7556f-bb89-4e0c-9781-0f7c3a524e5a.atlassian.net', NULL, 'https://help.example.com', NULL, 'entitlement', 'E-123-456', 'secret-of-26b7556f-bb89-4e0c-9781-0f7c3a524e5a', 'previous-secret-of-26b7556f-bb89-4e0c-9781-0f7c3a524e5a', 1700000001000, 2, 1700000000, '[]', NULL, NULL, 'uninstalled', 1700000000000, 1700000002000, 1);
INSERT INTO public.atl_tenants VALUES ('3edd1e03-6906-4866-80ce-7d95d4830fd5', 'checklist-example', 'eb0ced1a-b5cb-4a28-9dff-acbb2564745e', NULL, 'jira', 'http://127.0.0.1:41201', 'http://127.0.0.1:41201', 'http://127.0.0.1:41201', NULL, NULL, NULL, '7tCslHfCNGDI5WpjREXrsIcfg7oUILcQ58-6fO3WRih8JWxbUwFXchFjbm386t5A', NULL, NULL, 1, 1795243906, '[{"token":"3cff9bd38df2da36be078587b05bfd0a75666e43ad7ff854ac57e2a5b36b7167","body":"84ca1d0fc1714ea0b7aa11ece694776198a4e15fc8e2d94ce37f0ca10afb2ac3","expSeconds":1795244836}]', NULL, NULL, 'installed', 1795243906890, 1795243906890, 1);
INSERT INTO public.atl_tenants VALUES ('66d9a9c2-3eee-457a-af78-422e0f98b6f9', 'checklist-example', 'a0d581e7-06ad-40f2-b74c-0e1820588757', NULL, 'jira', 'http://127.0.0.1:41201', 'http://127.0.0.1:41201', 'http://127.0.0.1:41201', NULL, NULL, NULL, 'KlD56LyOyIcFb0W6E6E1aIEo7iTpQFeHChQ4LxqzVCh7hEIu2S7ypidfNQlIhB77', 'VBlwFSGV6uqPLsnDA0IoCYm_bsnUUVM4i5ThZy8hyIti9iiludOW0TpyoQQOE9Rw', 1795243906726, 2, 1795243906, '[{"token":"31cbe7db55b6ebe08eb67514c9c513508aaac0d0736576ddc8a5ccd6e645e2e2","body":"761953d9c26323f514c2c69d99b749f01693f6c8a84800d31d237510e47a6fe3","expSeconds":1795244836},{"token":"7525f2058013a2c844d5db9f12ff4f344a229e5ac951ea1ea9f139ad8d33a283","body":"75030bb0fc98534ca6410c885f0e62c13348eae3c2746b1dad71bfbdfb9e71e9","expSeconds":1795244836}]', '3edd1e03-6906-4866-80ce-7d95d4830fd5', NULL, 'installed', 1795243906681, 1795243906894, 3);
INSERT INTO public.atl_tenants VALUES ('7a4bd563-398b-41f2-a0ab-f1180ee5a313', 'checklist-example', '66073473-97ef-49d3-acad-e4c6ff340147', NULL, 'confluence', 'http://127.0.0.1:41202/wiki', 'http://127.0.0.1:41202/wiki', NULL, NULL, NULL, NULL, 'r7ODroCuPUaadHP3kUAbbxypOGLkmhir-f1jWoOEUO8RcEqJgjiijIUYRBncWDI4', NULL, NULL, 1, 1795243906, '[{"token":"ae2316f2675c560c9e3a7f81cb69f5f56d012e2906e9b1618c0eb7f44aae0ccf","body":"e52a6540047ee55bad938e2e8e1fdeb4e9233100483f8a737c30fe6ac7740a3e","expSeconds":1795244836}]', '29986796-b31b-4042-bf38-19eb88735491', NULL, 'installed', 1795243906693, 1795243906904, 3);
INSERT INTO public.atl_tenants VALUES ('b3d7efff-4a1f-4f00-8028-e46257642252', 'checklist-example', 'client-b3d7efff-4a1f-4f00-8028-e46257642252', 'cloud-b3d7efff-4a1f-4f00-8028-e46257642252', 'jira', 'https://b3d7efff-4a1f-4f00-8028-e46257642252.atlassian.net', 'https://jira.example.com', 'https://help.example.com', 'oauth-client', 'entitlement', 'E-123-456', 'secret-of-b3d7efff-4a1f-4f00-8028-e46257642252', 'previous-secret-of-b3d7efff-4a1f-4f00-8028-e46257642252', 1700000001000, 2, 1700000000, '[{"token":"3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0","body":"3472ac77a92df183fbc3a2b03ad1690a59d59a16dedf1a5edbfc4af4733417ec","expSeconds":1700000180}]', 'another-tenant', 'bcac8364-34ad-45d8-9cf0-dbde5e40997d', 'uninstalled', 1700000000000, 1700000002000, 1);
INSERT INTO public.atl_tenants VALUES ('29986796-b31b-4042-bf38-19eb88735491', 'checklist-example', '22ee03ec-5eb5-46e7-b706-c67f93163b21', NULL, 'confluence', 'http://127.0.0.1:41202/wiki', 'http://127.0.0.1:41202/wiki', NULL, NULL, NULL, NULL, 'oHIYJoRvyMmSlCoW79Gkp6e8HK4Q4NdzsueEUIrGlvt0FQsexbBxhT5rzy6Z8Ari', NULL, NULL, 2, 1795243906, '[{"token":"15af48e912a86891c331d37e0ebd572e60ca3bf524f06b8f03579765f43cfaef","body":"9fe1fcad2c402b3add25df3458190d4049441e0f0f5538017eb83d99de79ff20","expSeconds":1795244836},{"token":"f4a9ea30abe6a22ba50d7a03e224554f19d2a5aadc96c6bf075a2a142362bdff","body":"c70f684b9ef8e1ccec2a63a68edaf0006a6d35508be99a9c70049eb4518b12a7","expSeconds":1795244836}]', NULL, NULL, 'uninstalled', 1795243906901, 1795243906922, 3);
INSERT INTO public.atl_tenants VALUES ('bcac8364-34ad-45d8-9cf0-dbde5e40997d', 'checklist-example', 'client-bcac8364-34ad-45d8-9cf0-dbde5e40997d', 'cloud-bcac8364-34ad-45d8-9cf0-dbde5e40997d', 'jira', 'https://bcac8364-34ad-45d8-9cf0-dbde5e40997d.atlassian.net', 'https://jira.example.com', 'https://help.example.com', 'oauth-client', 'entitlement', 'E-123-456', 'secret-of-bcac8364-34ad-45d8-9cf0-dbde5e40997d', 'previous-secret-of-bcac8364-34ad-45d8-9cf0-dbde5e40997d', 1700000001000, 2, 1700000000, '[{"token":"3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0","body":"3472ac77a92df183fbc3a2b03ad1690a59d59a16dedf1a5edbfc4af4733417ec","expSeconds":1700000180}]', 'another-tenant', NULL, 'installed', 1700000000000, 1700000002000, 2);
INSERT INTO public.atl_tenants VALUES ('8f284472-a304-4ee0-a362-529866cb0776', 'checklist-example', 'a&b#%''; drop table x; --
🦀', 'cloud-8f284472-a304-4ee0-a362-529866cb0776', 'confluence', 'https://8f284472-a304-4ee0-a362-529866cb0776.atlassian.net', 'https://jira.example.com', 'https://help.example.com', 'oauth-client', 'entitlement', 'E-123-456', 'secret-of-8f284472-a304-4ee0-a362-529866cb0776', 'previous-secret-of-8f284472-a304-4ee0-a362-529866cb0776', 1700000001000, 2, 1700000000, '[{"token":"3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0","body":"3472ac77a92df183fbc3a2b03ad1690a59d59a16dedf1a5edbfc4af4733417ec","expSeconds":1700000180}]', 'another-tenant', NULL, 'installed', 1700000000000, 1700000002000, 1);
INSERT INTO public.checklist_items VALUES ('f80fd988-299a-43a9-bb0a-20501f8aee4d', '66d9a9c2-3eee-457a-af78-422e0f98b6f9', '10002', '10000', 'TEA-2', 'Repair the kettle on the terrace', 'it’s “quoted”; -- and \ odd 🦀', 1, 1);
INSERT INTO public.checklist_items VALUES ('6b7f9c72-05a9-4893-9ce9-44b6dbd69d30', '7a4bd563-398b-41f2-a0ab-f1180ee5a313', '131073', '65538', '', 'How we brew', 'tick', 0, 2);
INSERT INTO public.checklist_items VALUES ('32cb552e-ae14-4cdd-9eac-620ede53467f', '7a4bd563-398b-41f2-a0ab-f1180ee5a313', '131073', '65538', '', 'How we brew', 'read', 1, 1);
INSERT INTO public.checklist_items VALUES ('56073d7f-d4ce-4ac8-9d2f-fd12ef321a1b', '66d9a9c2-3eee-457a-af78-422e0f98b6f9', '10001', '10000', 'TEA-1', 'Serve the first flush before noon', 'warm the pot', 1, 1);
INSERT INTO public.checklist_items VALUES ('09c02371-a931-4f24-b017-41b3a7836d92', '66d9a9c2-3eee-457a-af78-422e0f98b6f9', '10001', '10000', 'TEA-1', 'Serve the first flush before noon', 'pour', 0, 2);
INSERT INTO public.checklist_items VALUES ('a79c36e9-3ef9-4bf9-8686-621ee3bde5cd', '66d9a9c2-3eee-457a-af78-422e0f98b6f9', '10001', '10000', 'TEA-1', 'Serve the first flush before noon', 'wait', 0, 3);
INSERT INTO public.checklist_items VALUES ('5e4a2a6a-d5a8-4165-b719-32cf114361a5', '3edd1e03-6906-4866-80ce-7d95d4830fd5', '10001', '10000', 'TEA-1', 'Serve the first flush before noon', 'of another tenant', 1, 1);
INSERT INTO public.checklist_migrations VALUES ('0001-items', '2026-11-21T06:51:46.644Z');
INSERT INTO public.checklist_migrations_lock VALUES ('migration_lock', 0);
ALTER TABLE ONLY public.atl_deliveries
    ADD CONSTRAINT atl_deliveries_identifier UNIQUE (tenant_id, kind, dedupe_key);
ALTER TABLE ONLY public.atl_deliveries
    ADD CONSTRAINT atl_deliveries_pkey PRIMARY KEY (delivery_id);
ALTER TABLE ONLY public.atl_installations
    ADD CONSTRAINT atl_installations_name UNIQUE (installation_id, environment_id);
ALTER TABLE ONLY public.atl_installations
    ADD CONSTRAINT atl_installations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.atl_migrations
    ADD CONSTRAINT atl_migrations_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.atl_tenants
    ADD CONSTRAINT atl_tenants_client_key UNIQUE (app_key, client_key);
ALTER TABLE ONLY public.atl_tenants
    ADD CONSTRAINT atl_tenants_pkey PRIMARY KEY (tenant_id);
ALTER TABLE ONLY public.checklist_items
    ADD CONSTRAINT checklist_items_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.checklist_migrations_lock
    ADD CONSTRAINT checklist_migrations_lock_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.checklist_migrations
    ADD CONSTRAINT checklist_migrations_pkey PRIMARY KEY (name);
CREATE INDEX atl_deliveries_due ON public.atl_deliveries USING btree (app_key, state, received_at_ms);
CREATE INDEX atl_installations_tenant ON public.atl_installations USING btree (tenant_id, "position");
CREATE INDEX atl_tenants_base_url ON public.atl_tenants USING btree (app_key, base_url);
CREATE INDEX atl_tenants_status ON public.atl_tenants USING btree (app_key, status, tenant_id);
CREATE INDEX atl_tenants_walk ON public.atl_tenants USING btree (app_key, tenant_id);
CREATE INDEX checklist_items_subject ON public.checklist_items USING btree (tenant_id, subject);
ALTER TABLE ONLY public.atl_deliveries
    ADD CONSTRAINT atl_deliveries_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.atl_tenants(tenant_id);
ALTER TABLE ONLY public.atl_installations
    ADD CONSTRAINT atl_installations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.atl_tenants(tenant_id);
