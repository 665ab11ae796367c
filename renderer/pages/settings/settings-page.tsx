import { Icon, type IconName } from '../../parts/icon.tsx'
import { formatRoute, type Route } from '../../route.ts'
import { PlantSection } from './plant-section.tsx'
import { RulesSection } from './rules-section.tsx'
import styles from './settings.module.css'

type SettingsRoute = Extract<Route, { page: 'settings' }>

const sections: readonly { readonly section: 'rules' | 'plant'; readonly name: string; readonly icon: IconName }[] = [
  { section: 'rules', name: 'Rules', icon: 'rules' },
  { section: 'plant', name: 'Plant', icon: 'clock' },
]

/** What a person decides for the whole plant. */
export default function SettingsPage({ route }: { readonly route: SettingsRoute }) {
  const isPlant = route.section === 'plant'
  return (
    <div className={styles.page}>
      <nav className={styles.sections} aria-label="Settings">
        {sections.map(({ section, name, icon }) => (
          <a
            key={section}
            href={formatRoute({ ...route, section, id: null })}
            aria-current={(section === 'plant') === isPlant ? 'page' : undefined}
          >
            <Icon name={icon} />
            {name}
          </a>
        ))}
      </nav>
      {isPlant ? <PlantSection past={route.at !== null} /> : <RulesSection route={route} />}
    </div>
  )
}
