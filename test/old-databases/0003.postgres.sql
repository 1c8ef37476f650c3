
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
CREATE TABLE public.atl_settings (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    installation text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    app_key text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    expires_at_ms bigint,
    updated_at_ms bigint NOT NULL
);
CREATE TABLE public.atl_state (
    name text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C"
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
    version bigint NOT NULL,
    dead_at_ms bigint
);
CREATE TABLE public.checklist_items (
    id text NOT NULL,
    tenant_id text NOT NULL COLLATE pg_catalog."C",
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
INSERT INTO public.atl_deliveries VALUES ('delivery-failed', 'checklist-example', '06936c0a-9d73-4e33-b366-ccecc19a8c42', 'webhook', 'jira:issue_updated', 'failed', NULL, '{"of":"failed"}', 'failed', 1, 1700000000000, 1, 1795243905109, 1795243904109);
INSERT INTO public.atl_deliveries VALUES ('1030faac-2b8f-435a-8b97-63cc9a107fc4', 'checklist-example', '9dd2a0f9-dacb-4a68-8ea7-0e677ad16da5', 'lifecycle', 'installed', NULL, NULL, '', 'done', 1, 1795243903807, 1795243903807, 1795243943813, 1795243903815);
INSERT INTO public.atl_deliveries VALUES ('300d810a-8d0b-41e1-ac98-345c319fab0b', 'checklist-example', 'e9a11620-fdb1-4b23-b18c-c578fd486d92', 'lifecycle', 'installed', NULL, NULL, '', 'done', 1, 1795243904001, 1795243904001, 1795243944009, 1795243904013);
INSERT INTO public.atl_deliveries VALUES ('ac292a92-3494-42af-8eeb-3ae2c50af0fa', 'checklist-example', '9dd2a0f9-dacb-4a68-8ea7-0e677ad16da5', 'lifecycle', 'enabled', NULL, NULL, '', 'done', 1, 1795243903816, 1795243903816, 1795243943819, 1795243903824);
INSERT INTO public.atl_deliveries VALUES ('b5b8efd8-2b15-4080-8a3f-6c6dbd5ab07e', 'checklist-example', '052e91f0-3b29-49a7-9a84-b137c47066f6', 'lifecycle', 'installed', NULL, NULL, '', 'done', 1, 1795243903825, 1795243903825, 1795243943828, 1795243903831);
INSERT INTO public.atl_deliveries VALUES ('01c51b43-3fa4-4b00-ab9c-048775568b5a', 'checklist-example', '052e91f0-3b29-49a7-9a84-b137c47066f6', 'lifecycle', 'enabled', NULL, NULL, '', 'done', 1, 1795243903830, 1795243903830, 1795243943835, 1795243903839);
INSERT INTO public.atl_deliveries VALUES ('49b6133d-3b4c-4504-bb95-9b426c06899d', 'checklist-example', 'e9a11620-fdb1-4b23-b18c-c578fd486d92', 'lifecycle', 'enabled', NULL, NULL, '', 'done', 1, 1795243904012, 1795243904012, 1795243944017, 1795243904026);
INSERT INTO public.atl_deliveries VALUES ('a0be9dbb-af80-487c-a44d-f75e65a5dec6', 'checklist-example', '9dd2a0f9-dacb-4a68-8ea7-0e677ad16da5', 'lifecycle', 'installed', NULL, NULL, '', 'done', 1, 1795243903872, 1795243903872, 1795243943875, 1795243903880);
INSERT INTO public.atl_deliveries VALUES ('7bcfc490-ddbc-460b-99fa-466445e0d723', 'checklist-example', '9dd2a0f9-dacb-4a68-8ea7-0e677ad16da5', 'webhook', 'jira:issue_updated', '75cef0cf-a5af-4cea-abe9-59b85729552e', '75cef0cf-a5af-4cea-abe9-59b85729552e', '', 'done', 1, 1795243903878, 1795243903878, 1795243943880, 1795243903895);
INSERT INTO public.atl_deliveries VALUES ('1a3f1d55-f799-4cde-80ca-130edb45825b', 'checklist-example', '052e91f0-3b29-49a7-9a84-b137c47066f6', 'lifecycle', 'disabled', NULL, NULL, '', 'done', 1, 1795243903892, 1795243903892, 1795243943897, 1795243903901);
INSERT INTO public.atl_deliveries VALUES ('a2ac7324-2a4f-46b0-a216-35d0efd5de00', 'checklist-example', 'e0fe4a12-de15-446b-9103-e15139b49b17', 'lifecycle', 'installed', NULL, NULL, '', 'done', 1, 1795243904028, 1795243904028, 1795243944034, 1795243904037);
INSERT INTO public.atl_deliveries VALUES ('095750cc-f185-45fd-a987-b607392d2af6', 'checklist-example', 'e0fe4a12-de15-446b-9103-e15139b49b17', 'lifecycle', 'enabled', NULL, NULL, '', 'done', 1, 1795243904037, 1795243904037, 1795243944040, 1795243904044);
INSERT INTO public.atl_deliveries VALUES ('6b732b3f-b33d-4cd4-a2bf-8e861b33f4ce', 'checklist-example', 'e0fe4a12-de15-446b-9103-e15139b49b17', 'lifecycle', 'disabled', NULL, NULL, '', 'done', 1, 1795243904058, 1795243904058, 1795243944061, 1795243904064);
INSERT INTO public.atl_deliveries VALUES ('551506da-5afe-4b3e-a365-2310935ea969', 'checklist-example', 'e0fe4a12-de15-446b-9103-e15139b49b17', 'lifecycle', 'uninstalled', NULL, NULL, '', 'done', 1, 1795243904067, 1795243904067, 1795243944071, 1795243904074);
INSERT INTO public.atl_deliveries VALUES ('delivery-waiting', 'checklist-example', '06936c0a-9d73-4e33-b366-ccecc19a8c42', 'webhook', 'jira:issue_updated', 'waiting', 'waiting', '{"of":"waiting"}', 'pending', 0, 1700000000000, 1, 0, NULL);
INSERT INTO public.atl_deliveries VALUES ('delivery-claimed', 'checklist-example', '06936c0a-9d73-4e33-b366-ccecc19a8c42', 'webhook', 'jira:issue_updated', 'claimed', 'claimed', '{"of":"claimed"}', 'pending', 1, 1700000000000, 1, 1795243905106, NULL);
INSERT INTO public.atl_deliveries VALUES ('delivery-done', 'checklist-example', '06936c0a-9d73-4e33-b366-ccecc19a8c42', 'webhook', 'jira:issue_updated', 'done', 'done', '', 'done', 1, 1700000000000, 1, 1795243905107, 1795243904108);
INSERT INTO public.atl_installations VALUES ('b75a0c13-1e1c-4a3f-9836-12aa0bd117e5', '9dd2a0f9-dacb-4a68-8ea7-0e677ad16da5', 0, 'connect', 'connect:9dd2a0f9-dacb-4a68-8ea7-0e677ad16da5', '', 'installed', 1, 1795243903807, NULL);
INSERT INTO public.atl_installations VALUES ('6a3e2f45-879c-4195-9101-b622f9f34ba6', 'e9a11620-fdb1-4b23-b18c-c578fd486d92', 0, 'connect', 'connect:e9a11620-fdb1-4b23-b18c-c578fd486d92', '', 'installed', 1, 1795243904001, NULL);
INSERT INTO public.atl_installations VALUES ('c3a1b625-ca2e-48c7-bcba-1d9aa2d148c5', '052e91f0-3b29-49a7-9a84-b137c47066f6', 0, 'connect', 'connect:052e91f0-3b29-49a7-9a84-b137c47066f6', '', 'installed', 0, 1795243903825, NULL);
INSERT INTO public.atl_installations VALUES ('c6c0e84c-5c7e-4eb6-a7df-d2fb5d96bffe', 'e0fe4a12-de15-446b-9103-e15139b49b17', 0, 'connect', 'connect:e0fe4a12-de15-446b-9103-e15139b49b17', '', 'uninstalled', 0, 1795243904028, 1795243904067);
INSERT INTO public.atl_installations VALUES ('28e0a5ce-1b01-4cc6-96a6-936a392753a9', '06936c0a-9d73-4e33-b366-ccecc19a8c42', 0, 'connect', 'connect:06936c0a-9d73-4e33-b366-ccecc19a8c42', '', 'installed', 1, 1700000000000, NULL);
INSERT INTO public.atl_installations VALUES ('b0e15307-b310-435a-ad49-c4213fe68946', '06936c0a-9d73-4e33-b366-ccecc19a8c42', 1, 'forge', 'ari:one', 'env', 'installed', 1, 1700000000000, NULL);
INSERT INTO public.atl_installations VALUES ('401e587e-067c-419c-94c2-547f20b6cf7c', 'ff8c43cf-faa6-4004-8c21-18c10b77e17a', 0, 'connect', 'connect:ff8c43cf-faa6-4004-8c21-18c10b77e17a', '', 'installed', 1, 1700000000000, NULL);
INSERT INTO public.atl_installations VALUES ('0c72cde2-1d7d-40a3-8b34-8a3d19886a08', '6a382abb-0403-48e2-a303-64aee276f2a9', 0, 'connect', 'connect:6a382abb-0403-48e2-a303-64aee276f2a9', '', 'installed', 1, 1700000000000, NULL);
INSERT INTO public.atl_installations VALUES ('6798e7a7-bd1b-487b-ba12-e43eff5495e5', '93936953-2e2e-4762-8e0b-7a73720f080e', 0, 'connect', 'connect:93936953-2e2e-4762-8e0b-7a73720f080e', '', 'installed', 1, 1700000000000, NULL);
INSERT INTO public.atl_migrations VALUES ('0001-tenants', 1795243903706);
INSERT INTO public.atl_migrations VALUES ('0002-state', 1795243903708);
INSERT INTO public.atl_migrations VALUES ('0003-settings', 1795243903712);
INSERT INTO public.atl_settings VALUES ('052e91f0-3b29-49a7-9a84-b137c47066f6', '', 'colour', 'checklist-example', '{"of":"tea","cups":[1,2.5,null]}', 121330415783550, NULL, 1795243904073);
INSERT INTO public.atl_settings VALUES ('052e91f0-3b29-49a7-9a84-b137c47066f6', '', 'until', 'checklist-example', '"far"', 130138966580012, 33000000000000, 1795243904075);
INSERT INTO public.atl_settings VALUES ('052e91f0-3b29-49a7-9a84-b137c47066f6', '53075d472c32d4e865c678764dd4b64f8b26fa9573ed6d05d5630353050bd713', 'colour', 'checklist-example', '"its own"', 47458497922329, NULL, 1795243904076);
INSERT INTO public.atl_tenants VALUES ('e0fe4a12-de15-446b-9103-e15139b49b17', 'checklist-example', 'dcdbc080-ca4f-4ba8-b8c6-49b0141f21e7', NULL, 'confluence', 'http://127.0.0.1:41202/wiki', 'http://127.0.0.1:41202/wiki', NULL, NULL, NULL, NULL, 'atlenc1.test.nVl58fLXnYhXtIOA8FQBxeXeyte2jrNf_WvFbIK1DbQXsxWDfcEXyTN_Afm5_9wisV_GImXXToIAKLr0BrldRlYIh2BUiGOMElM2nKJM7pt08ZLlSxhpdI9KhRM', NULL, NULL, 2, 1795243904, '[{"token":"c77971961a6ea8c8418772c0ce549833c2371625964a9a60e40644e92a7b6368","body":"a1e68c2efacbd968aadfc6d7d140d038cbda6224bef616bad7d2c649d5b10428","expSeconds":1795244834},{"token":"98964a41673dc4e8ebd73da8907b293e8b7069b63d225e8b0e2ca381106a70ec","body":"063c7d5b34285ce7bd37dec226aa2110d7f704082c786cb1e2375f56db6d58f2","expSeconds":1795244834}]', NULL, NULL, 'uninstalled', 1795243904028, 1795243904067, 4, 1795243904067);
INSERT INTO public.atl_tenants VALUES ('06936c0a-9d73-4e33-b366-ccecc19a8c42', 'checklist-example', 'client-06936c0a-9d73-4e33-b366-ccecc19a8c42', 'cloud-06936c0a-9d73-4e33-b366-ccecc19a8c42', 'jira', 'https://06936c0a-9d73-4e33-b366-ccecc19a8c42.atlassian.net', 'https://jira.example.com', 'https://help.example.com', 'oauth-client', 'entitlement', 'E-123-456', 'atlenc1.test.6JBW7TV9Yoj0Rm1d3qlztLzF-AoezBNw8Ijjzw0oFpv-cGiyDVBIds16WjzC6TwvQOEAsJTjClz94fYFUHQbnienkjV_puSK-gU', 'atlenc1.test.a13kT5c5uZuiGLAJfDLctXRDJO3y-_vtL3y4z2fEeh9VtRBxdgAIl-uEtEC0B1FtdcxHx-Ep1acD9g7iJimqk7qcn4kYqI_Ff6GboL7Zrn9eqhs', 1700000001000, 2, 1700000000, '[{"token":"3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0","body":"3472ac77a92df183fbc3a2b03ad1690a59d59a16dedf1a5edbfc4af4733417ec","expSeconds":1700000180}]', 'another-tenant', NULL, 'installed', 1700000000000, 1700000002000, 2, NULL);
INSERT INTO public.atl_tenants VALUES ('9dd2a0f9-dacb-4a68-8ea7-0e677ad16da5', 'checklist-example', 'e4cbfde2-f257-4ba0-b8c7-6e81f0cd195c', NULL, 'jira', 'http://127.0.0.1:41201', 'http://127.0.0.1:41201', 'http://127.0.0.1:41201', NULL, NULL, NULL, 'atlenc1.test.CiXpjzkJHHIcuACf7qAfwORd872tPi90JROwT_md0Yy_L37LcwmemYjk4vxMuiixDegBl2Y3gdvlt8Ok9Qg56T2l7rEB5WE3siXe05l9zEhH3WXK_qKMSYeLbPQ', 'atlenc1.test.ijiatCnS5JxFktfh2-9EK7XfJFcjd-RzqFDzAKhTIKsqerNWl8zinTSzaYpR12cUZM3k-E8ESGeZs9-Spu7B_j2-3mKX_CqlHu1YYM2qZ-gdd8xiv5QQOuXA2UA', 1795243903872, 2, 1795243903, '[{"token":"398b99e4e5dd59f86fed31a4510d61f4835b99e6cb800de337458b4b0ec24a61","body":"6cc4d23c7fbd729634213c03e22930684fc713e368ddf42888e3d19b0d34b9a9","expSeconds":1795244833},{"token":"5408666a1f73edba9bc2228aa389cacb3665e7f4ea59d5ba966389bc0a61af57","body":"64a1ed7be405c7876f1f59c04f9e2ac8d0dc57d8cea2b3c886cbc3b2e42b7322","expSeconds":1795244833}]', 'e9a11620-fdb1-4b23-b18c-c578fd486d92', NULL, 'installed', 1795243903807, 1795243904006, 4, NULL);
INSERT INTO public.atl_tenants VALUES ('e9a11620-fdb1-4b23-b18c-c578fd486d92', 'checklist-example', '6742bc2c-3ae4-4399-b49d-63091cb38769', NULL, 'jira', 'http://127.0.0.1:41201', 'http://127.0.0.1:41201', 'http://127.0.0.1:41201', NULL, NULL, NULL, 'atlenc1.test.zaKHLlWvivi64fNxr4y9dNbpIqXJPI6uDxrxbHWhDTSsHYfA-9MkbQi0KQk6olpNxxv9YHFq9kDN1fAFH6y3-Q9Q8XiPfDE6u8aFsKrvnWdCvCVyvve_l7-BEXc', NULL, NULL, 1, 1795243903, '[{"token":"6daea457d9a149fa4037dc76cd4b74e18694b65e67a9343cc7fa350b57cf257d","body":"814e50575251b8ccd62c8e53f754a8fb68a004d66d43f47da924175e9da08b41","expSeconds":1795244833}]', NULL, NULL, 'installed', 1795243904001, 1795243904012, 2, NULL);
INSERT INTO public.atl_tenants VALUES ('052e91f0-3b29-49a7-9a84-b137c47066f6', 'checklist-example', 'cf2406d1-411e-45a5-9eeb-3ab303e0906e', NULL, 'confluence', 'http://127.0.0.1:41202/wiki', 'http://127.0.0.1:41202/wiki', NULL, NULL, NULL, NULL, 'atlenc1.test.erargM0v5IdigsViqqVIq_Uyh72Y2NoRUJtm-t5A0p02PIIs3dybRqaVHjdZTdlFMO_m0yWuHMx69lyxWSw8LYG_e-t49JPOcY4SwjMkDWLwGMaZ4C47kdLNkAU', NULL, NULL, 1, 1795243903, '[{"token":"2b23416897f94698ce4ecd70272df271ca0efacc39e2ec307253d1da00196043","body":"48e6b1ff1b902b3b3a4eb89e83696a15988d0696123eca1b2fc513d334a6346c","expSeconds":1795244833}]', 'e0fe4a12-de15-446b-9103-e15139b49b17', NULL, 'installed', 1795243903825, 1795243904032, 4, NULL);
INSERT INTO public.atl_tenants VALUES ('ff8c43cf-faa6-4004-8c21-18c10b77e17a', 'checklist-example', 'a&b#%''; drop table x; --
🦀', 'cloud-ff8c43cf-faa6-4004-8c21-18c10b77e17a', 'confluence', 'https://ff8c43cf-faa6-4004-8c21-18c10b77e17a.atlassian.net', 'https://jira.example.com', 'https://help.example.com', 'oauth-client', 'entitlement', 'E-123-456', 'atlenc1.test.2dHrl7gxyeYz5WbuiwZuNS04YnvSJZQ8nQNjYwh_M3rbKuczqpd6IYDe2aJFODtRMn83zVMaCr6UwkNi95qTMQmMWjPNUUwLi_k', 'atlenc1.test.dJ4oel7HqorffRWSrF9AOtHpe4ieZLG2JDwMfzQTuoupOYT4ixXUMkVaK9sQP0OaL9Knktv3KWRGHDM0EA0NZR4qMIKOeh0vzXryBvuR1-8xqH4', 1700000001000, 2, 1700000000, '[{"token":"3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0","body":"3472ac77a92df183fbc3a2b03ad1690a59d59a16dedf1a5edbfc4af4733417ec","expSeconds":1700000180}]', 'another-tenant', NULL, 'installed', 1700000000000, 1700000002000, 1, NULL);
INSERT INTO public.atl_tenants VALUES ('6a382abb-0403-48e2-a303-64aee276f2a9', 'checklist-example', 'client-6a382abb-0403-48e2-a303-64aee276f2a9', 'cloud-6a382abb-0403-48e2-a303-64aee276f2a9', 'jira', 'https://6a382abb-0403-48e2-a303-64aee276f2a9.atlassian.net', 'https://jira.example.com', 'https://help.example.com', 'oauth-client', 'entitlement', 'E-123-456', 'atlenc1.test.-PJxr5hclx-H2vlDZXWoNir-OvjzCLEh4ES1GmkCk7HvgVdXoXNidpHQKJQ_1C9LHGupwZyvcRcUfBJfXlw_QlBOub7LjjtOchH_kfEMpnerZWzHWD0DrX2s0mRizgQnFomP7lPwiBmPrBjWKqxQN8J2bcCz5xzhVjCqbglUqMXRj40jfm2m6eMUfYdH5MQXaWCpQKSiCc59XwjUcd_MWCFGzlZfqaH8g5r3Ila_rpfFVe7n9C19WFI2_2Lk2idPRSpqhkAsiIqcxn2WmznYZg65zNHznOb6ej8b7HCuS10zBZ0iiKdYVA-wXs3GKKfDb5K6UJNeS489XkbxQ8r-_S-9YlQmkPuSHb5voZi7sxEQJ7w-DAukgnjn1iRMJayGNO106-CvSvYEyqXm1dhEGcnJWMSDYOOILyEF_A_PSkBCdc5_rditMKTwvjDNomYUAsxgNd8gpMIJJcbSDX-z35JkbrBoRn-z_e4szRAuHGZalRpfAVAhg_dbekKcdCJSgcM3zAwiGcuWQLjo33Fiy8mYDBBYSobnOy_9bBT065xpubgHFDl6O_9YxtdPUmeRnQEpQapdjN9yfIEv8CWSD2s-6RIagenS_hq0VdGAHPZI6zzHOWxIJcXMo9uSOKq_Sar8-HwHL_H9PzNLsV6uySXvFHpIvX2JtOe4NQ5PjIE5fboUwAi3OUAjR1OBgolG', NULL, 1700000001000, 2, 1700000000, '[{"token":"3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0","body":"3472ac77a92df183fbc3a2b03ad1690a59d59a16dedf1a5edbfc4af4733417ec","expSeconds":1700000180}]', 'another-tenant', NULL, 'installed', 1700000000000, 1700000002000, 1, NULL);
INSERT INTO public.atl_tenants VALUES ('435c8f98-dc08-43b5-84cc-99917904fcb2', 'checklist-example', 'client-435c8f98-dc08-43b5-84cc-99917904fcb2', NULL, 'jira', 'https://435c8f98-dc08-43b5-84cc-99917904fcb2.atlassian.net', NULL, 'https://help.example.com', NULL, 'entitlement', 'E-123-456', 'atlenc1.test.LOcubj-QWGJbn-yVCVvoLPkWR1pWpczvrNhF3lQ6Uc6T6-7TgPTxdpt29KYP3yHWM4PGZDM3sUKOVGA4gIyD9smMUBqXeIj64Ow', 'atlenc1.test.qWBFrCqMAGg53w6vdeD4TafceGkAu9m66az1MwrRtebDay8IokRRneCm3RLr48M-TWH3CwqWSyvArErjcRl_1gBV1yHg7Mr1gL6U7frbxfru62w', 1700000001000, 2, 1700000000, '[]', NULL, NULL, 'uninstalled', 1700000000000, 1700000002000, 1, 1700000002000);
INSERT INTO public.atl_tenants VALUES ('93936953-2e2e-4762-8e0b-7a73720f080e', 'checklist-example', 'client-93936953-2e2e-4762-8e0b-7a73720f080e', 'cloud-93936953-2e2e-4762-8e0b-7a73720f080e', 'jira', 'https://93936953-2e2e-4762-8e0b-7a73720f080e.atlassian.net', 'https://jira.example.com', 'https://help.example.com', 'oauth-client', 'entitlement', 'E-123-456', 'atlenc1.test.nLDikym93KPypZBUYPGfkPKkn_4ooLedVrZbk8PEJ-yslt26PEE2I4GlR_P9KugFux03e5dvMyX4KSFpHsUZwICHoDaCZEoN8fQ', 'atlenc1.test.rQ4j3QTMKuIWCGQnkCAO_cYNuVdXt4Nm1lfZYsMmUqsRejKLAM2KmJvtvLbSa1-j9l8w4NgYWD9CHyb8myNgYztARu724g7nbyh435vzHAIqaPg', 1700000001000, 2, 1700000000, '[{"token":"3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0","body":"3472ac77a92df183fbc3a2b03ad1690a59d59a16dedf1a5edbfc4af4733417ec","expSeconds":1700000180}]', 'another-tenant', '06936c0a-9d73-4e33-b366-ccecc19a8c42', 'uninstalled', 1700000000000, 1700000002000, 1, 1700000002000);
INSERT INTO public.checklist_items VALUES ('cd8356d8-df7a-4e17-a63e-3e20c59ec4de', '9dd2a0f9-dacb-4a68-8ea7-0e677ad16da5', '10002', '10000', 'TEA-2', 'Repair the kettle on the terrace', 'it’s “quoted”; -- and \ odd 🦀', 1, 1);
INSERT INTO public.checklist_items VALUES ('8b15e7c6-4019-4f97-ba84-97181113f664', '052e91f0-3b29-49a7-9a84-b137c47066f6', '131073', '65538', '', 'How we brew', 'tick', 0, 2);
INSERT INTO public.checklist_items VALUES ('3a566102-31f1-4f8e-98b7-cb342a9649e0', '052e91f0-3b29-49a7-9a84-b137c47066f6', '131073', '65538', '', 'How we brew', 'read', 1, 1);
INSERT INTO public.checklist_items VALUES ('08d84e5b-b342-407c-8ce2-9a304aeb6ebb', '9dd2a0f9-dacb-4a68-8ea7-0e677ad16da5', '10001', '10000', 'TEA-1', 'Serve the first flush before noon', 'warm the pot', 1, 1);
INSERT INTO public.checklist_items VALUES ('864c6d70-9c61-48f8-8315-79721eb2bbdc', '9dd2a0f9-dacb-4a68-8ea7-0e677ad16da5', '10001', '10000', 'TEA-1', 'Serve the first flush before noon', 'pour', 0, 2);
INSERT INTO public.checklist_items VALUES ('6882a714-39a0-45d8-b21c-c002a936551c', '9dd2a0f9-dacb-4a68-8ea7-0e677ad16da5', '10001', '10000', 'TEA-1', 'Serve the first flush before noon', 'wait', 0, 3);
INSERT INTO public.checklist_items VALUES ('d25fabda-c819-4fea-9554-ed29c147efa7', 'e9a11620-fdb1-4b23-b18c-c578fd486d92', '10001', '10000', 'TEA-1', 'Serve the first flush before noon', 'of another tenant', 1, 1);
INSERT INTO public.checklist_migrations VALUES ('0001-items', '2026-11-21T06:51:43.755Z');
INSERT INTO public.checklist_migrations VALUES ('0002-owned-by-tenant', '2026-11-21T06:51:43.759Z');
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
ALTER TABLE ONLY public.atl_settings
    ADD CONSTRAINT atl_settings_key PRIMARY KEY (tenant_id, installation, name);
ALTER TABLE ONLY public.atl_state
    ADD CONSTRAINT atl_state_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.atl_tenants
    ADD CONSTRAINT atl_tenants_client_key UNIQUE (app_key, client_key);
ALTER TABLE ONLY public.atl_tenants
    ADD CONSTRAINT atl_tenants_pkey PRIMARY KEY (tenant_id);
ALTER TABLE ONLY public.checklist_items
    ADD CONSTRAINT checklist_items_new_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.checklist_migrations_lock
    ADD CONSTRAINT checklist_migrations_lock_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.checklist_migrations
    ADD CONSTRAINT checklist_migrations_pkey PRIMARY KEY (name);
CREATE INDEX atl_deliveries_due ON public.atl_deliveries USING btree (app_key, state, received_at_ms);
CREATE INDEX atl_installations_tenant ON public.atl_installations USING btree (tenant_id, "position");
CREATE INDEX atl_settings_expiry ON public.atl_settings USING btree (app_key, expires_at_ms);
CREATE INDEX atl_tenants_base_url ON public.atl_tenants USING btree (app_key, base_url);
CREATE INDEX atl_tenants_dead ON public.atl_tenants USING btree (app_key, dead_at_ms, tenant_id);
CREATE INDEX atl_tenants_status ON public.atl_tenants USING btree (app_key, status, tenant_id);
CREATE INDEX atl_tenants_walk ON public.atl_tenants USING btree (app_key, tenant_id);
CREATE INDEX checklist_items_subject ON public.checklist_items USING btree (tenant_id, subject);
ALTER TABLE ONLY public.atl_deliveries
    ADD CONSTRAINT atl_deliveries_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.atl_tenants(tenant_id);
ALTER TABLE ONLY public.atl_installations
    ADD CONSTRAINT atl_installations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.atl_tenants(tenant_id);
ALTER TABLE ONLY public.atl_settings
    ADD CONSTRAINT atl_settings_tenant FOREIGN KEY (tenant_id) REFERENCES public.atl_tenants(tenant_id);
ALTER TABLE ONLY public.checklist_items
    ADD CONSTRAINT checklist_items_new_tenant_fk FOREIGN KEY (tenant_id) REFERENCES public.atl_tenants(tenant_id) ON DELETE CASCADE;
