'use strict'
const path = require('node:path')
const ac = require('atlassian-connect-express')
const express = require('express')
const hbs = require('express-hbs')

const app = express()
const addon = ac(app)
const views = path.join(__dirname, 'views')

app.engine('hbs', hbs.express4({ partialsDir: path.join(views, 'partials') }))
app.set('view engine', 'hbs')
app.set('views', views)
hbs.registerHelper('short', (text) => String(text).slice(0, 20))

app.use(express.static(path.join(__dirname, 'public')))
app.use(express.json())
app.use(express.text({ type: 'text/csv' }))
app.use(express.urlencoded({ extended: false }))
app.use(addon.middleware())

require('./routes/pages')(app, addon)
require('./routes/api')(app, addon)
require('./routes/events')(app, addon)

app.listen(addon.config.port(), '127.0.0.1', () => {
  if (app.get('env') === 'development') addon.register()
  if (process.send) process.send({ ready: true })
})
